import {
  deliveryFailuresBox,
  deliveryFailureText,
  envelopeHash,
  type DeliveryFailure,
  type Envelope,
  type EnvelopeMessage,
  type Hasher,
  type IdentityKey,
  type MessageId,
} from '@overpost/protocol'
import type { Message } from './message.ts'
import type { HandleSeal } from './ports/handle-seal.ts'
import type { MessageRecord } from './ports/message-records.ts'
import type { Tracked } from './ports/outbox-store.ts'

export interface NoticeDeps {
  /** This host's own key, which signs notices. */
  readonly hostKey: IdentityKey
  readonly sign: (message: EnvelopeMessage, timestampMs: number) => Promise<Envelope>
  readonly hasher: Hasher
  readonly handles: Pick<HandleSeal, 'seal'>
}

/** A message from this host to the sender of `tracked`: it may be read elsewhere, so it has an envelope as any other. */
export async function deliveryNotice(
  kind: DeliveryFailure['kind'],
  { id, record }: Tracked,
  { nowMs, expiresAtMs = null }: { readonly nowMs: number; readonly expiresAtMs?: number | null },
  { hostKey, sign, hasher, handles }: NoticeDeps,
): Promise<Message> {
  const { recipient, box, messageId, acceptedAtMs, attempts } = record
  const handle = handles.seal({ kind: 'outgoing', id: BigInt(id), acceptedAtMs }, record.sender)
  const body = deliveryFailureText({
    ...{ kind, handle, recipient, messageBox: box, messageId, acceptedAtMs, noticedAtMs: nowMs },
    ...(expiresAtMs === null ? {} : { expiresAtMs }),
    ...whyOf(record),
    attempts,
    destinations: record.destinations.map(({ destination, state, reason, attempts: tried }) => ({
      ...{ ...destination, state, attempts: tried },
      ...(reason === null ? {} : { reason }),
    })),
  })
  const named = { recipient: record.sender, box: deliveryFailuresBox, sender: hostKey }
  // One of each kind for each message.
  const message = { ...named, messageId: `${kind}-${handle}` as MessageId, contentType: 'text/plain', body } as const
  const envelope = await sign(message, nowMs)
  const hash = envelopeHash(message, nowMs, hasher)
  return { ...message, envelope: { ...envelope, hash }, request: null }
}

const form = /^([A-Z][A-Z0-9_]*)(?:: (.*))?$/s

/** A reason is a code, words, or a code with words after it. */
function whyOf({ reason, destinations }: MessageRecord): { code: string; reason?: string } {
  const [, code, words] = form.exec(reason ?? '') ?? []
  if (code !== undefined) return words === undefined ? { code } : { code, reason: words }
  const fallback = destinations.length === 0 ? 'ERR_NO_ROUTE' : 'ERR_UNAVAILABLE'
  return reason === null ? { code: fallback } : { code: fallback, reason }
}
