import type { IdentityKey } from '@overpost/protocol'
import type { HandleSeal } from './ports/handle-seal.ts'
import type { FoundRecord, MessageRecords, Removal } from './ports/message-records.ts'

/** What a sender is told of one message. `unknown`: it is not theirs, not of this store, or forgotten. */
export type MessageStatus =
  | { readonly kind: 'record'; readonly handle: string; readonly record: FoundRecord }
  /** No more than that is known any more. `removal`: as of a record. */
  | {
      readonly kind: 'ended'
      readonly handle: string
      readonly state: 'delivered' | 'acknowledged'
      readonly removal: Removal | null
    }
  | { readonly kind: 'unknown'; readonly handle: string }

export interface StatusDeps {
  readonly handles: Pick<HandleSeal, 'open'>
  readonly records: MessageRecords
}

/**
 * What became of messages, in the order of their handles. A message that stays here has no record of its own: its place in the
 * box is what its handle names, and when nothing is there any more its recipient has acknowledged it, unless its removal was
 * noted.
 */
export async function statusOf(
  sender: IdentityKey,
  handles: readonly string[],
  { handles: seal, records }: StatusDeps,
): Promise<MessageStatus[]> {
  const opened = handles.map((handle) => seal.open(handle, sender))
  const refs = opened.flatMap((handled) =>
    handled === null || handled.kind === 'gone' ? [] : [{ ...handled, kind: handled.kind }],
  )
  const found = refs.length === 0 ? [] : await records.find(refs)
  let next = 0
  return handles.map((handle, index): MessageStatus => {
    const handled = opened[index] ?? null
    if (handled === null) return { kind: 'unknown', handle }
    // Its envelope was remembered, so it was in a box here, or went on to its home.
    if (handled.kind === 'gone') return { kind: 'ended', handle, state: 'delivered', removal: null }
    const record = found[next++] ?? null
    if (record !== null && 'kind' in record) return { kind: 'ended', handle, state: 'delivered', removal: record }
    if (record !== null) return { kind: 'record', handle, record }
    if (handled.kind !== 'kept') return { kind: 'unknown', handle }
    return { kind: 'ended', handle, state: 'acknowledged', removal: null }
  })
}
