import { randomBytes } from 'node:crypto'
import type { Placement } from '@overpost/core'
import type { BoxName, ForwardId, HostOrigin, IdentityKey, MessageId } from '@overpost/protocol'
import { openStore } from '@overpost/store'

const atOnce = 500

export interface Backlog {
  readonly file: string
  readonly sender: IdentityKey
  readonly recipient: IdentityKey
  readonly box: string
  readonly host: { readonly identityKey: string; readonly url: string }
  readonly count: number
  /** How long ago the last of them was sent. */
  readonly agoMs?: number
}

/**
 * Puts messages into the outbox of a host that is stopped, as if `sender`, whom that host hosts, had sent them one by one to somebody on
 * another host: bodies `0`, `1` and so on.
 */
export async function fillOutbox({ file, sender, recipient, box, host, count, agoMs = 0 }: Backlog): Promise<void> {
  const store = await openStore({ kind: 'sqlite', file })
  const destination = { hostKey: host.identityKey as IdentityKey, origin: host.url as HostOrigin }
  const firstAtMs = Date.now() - agoMs - count
  const placement = (n: number): Placement => ({
    message: {
      ...{ recipient, sender, box: box as BoxName, messageId: `backlog ${n}` as MessageId },
      ...{ contentType: 'text/plain', body: String(n), envelope: null, request: null },
    },
    acceptedAtMs: firstAtMs + n,
    here: 'none',
    seeksOthers: false,
    forwardings: [{ destination, forwardId: forwardId(firstAtMs + n) }],
  })
  for (let from = 0; from < count; from += atOnce) {
    const some = Array.from({ length: Math.min(atOnce, count - from) }, (_, n) => [placement(from + n)])
    await Promise.all(some.map((one) => store.mailboxes.accept(one)))
  }
  await store[Symbol.asyncDispose]()
}

function forwardId(atMs: number): ForwardId {
  const id = randomBytes(32)
  id.writeBigUInt64BE(BigInt(atMs))
  return id.toString('hex') as ForwardId
}
