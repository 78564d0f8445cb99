import type { CustodyPlace } from '@overpost/protocol'
import type { CallAnswer, ParcelAnswer } from './ports/host-link.ts'

/** What an answer of another host means for one parcel, or for the call. The only place that says so (design section 2.3). */
export type Meaning =
  | { readonly kind: 'delivered'; readonly duplicate: boolean; readonly receipt: CustodyPlace | null }
  /** Not hosted there: look the recipient up again. */
  | { readonly kind: 'misrouted'; readonly reason: string }
  /** Not now. */
  | { readonly kind: 'later'; readonly reason: string }
  /** Never. */
  | { readonly kind: 'final'; readonly reason: string }

const laterStatuses = new Set([401, 402, 408, 425, 429])

export function meaningForParcel(answer: ParcelAnswer): Meaning {
  if (answer.kind === 'stored') return { ...answer, kind: 'delivered' }
  const { status, code } = answer
  if (code === 'ERR_RECIPIENT_NOT_HOSTED') return { kind: 'misrouted', reason: code }
  // The link sends the linkage again by itself; when that did not help, the other host forgot it meanwhile.
  if (code === 'ERR_LINKAGE_UNKNOWN') return { kind: 'later', reason: code }
  if (status >= 500 || laterStatuses.has(status)) return { kind: 'later', reason: code }
  if (status >= 400) return { kind: 'final', reason: code }
  return { kind: 'later', reason: `unexpected status ${status}` }
}

/** What a call that gave no answer per parcel means: `split` asks for smaller calls, until one parcel stands alone. */
export function meaningForCall(
  answer: Exclude<CallAnswer, { kind: 'answered' }>,
  parcels: number,
):
  | { kind: 'split' }
  | { kind: 'final'; reason: string }
  | { kind: 'down'; reason: string; retryAfterMs: number | null } {
  if (answer.kind === 'unreachable') return { kind: 'down', reason: answer.reason, retryAfterMs: null }
  if (answer.status === 400 || answer.status === 413) {
    return parcels > 1 ? { kind: 'split' } : { kind: 'final', reason: answer.code }
  }
  return { kind: 'down', reason: answer.code, retryAfterMs: answer.retryAfterMs }
}
