import { SessionError, type SessionAnswer } from '@overpost/auth'
import type { CallAnswer, Destination, ParcelAnswer } from '@overpost/core'
import {
  errorTable,
  propagateMessageAnswerSchema,
  propagateMessagesAnswerSchema,
  type CustodyPlace,
  type PropagateMessagesAnswer,
} from '@overpost/protocol'
import type { PropagateItem } from './propagate-items.ts'
import { readReceipts, type ReadReceiptsDeps } from './read-receipts.ts'

/** Of answers that nobody signed, as they come from before authentication: a proxy's, a limit's. */
const unsignedRefusals = new Set([408, 413, 425, 429])

/** What an answer of `/propagateMessages` says of each item. */
export function readResults(
  answer: SessionAnswer,
  items: readonly PropagateItem[],
  destination: Destination,
  deps: ReadReceiptsDeps,
): CallAnswer {
  const read = readList(answer, items.length)
  if (read === null) return malformed
  const { results, custodySignature } = read
  const taken = items.flatMap(({ parcel }, index) => {
    const result = results[index]
    return result?.status === 'success' ? [{ parcel, custody: result.custody }] : []
  })
  const receipts = readReceipts(destination, taken, custodySignature, deps).values()
  return { ...answered(results, () => receipts.next().value ?? null), ...named(read) }
}

/** The same of a call for which there are no receipts. */
export function readPlainResults(answer: SessionAnswer, items: number): CallAnswer {
  const read = readList(answer, items)
  return read === null ? malformed : answered(read.results, () => null)
}

function readList({ body }: SessionAnswer, items: number): PropagateMessagesAnswer | null {
  const parsed = propagateMessagesAnswerSchema.safeParse(parseJson(body))
  return parsed.success && parsed.data.results.length === items ? parsed.data : null
}

function answered(
  results: PropagateMessagesAnswer['results'],
  nextReceipt: () => CustodyPlace | null,
): CallAnswer & { kind: 'answered' } {
  const answers = results.map((result): ParcelAnswer => {
    if (result.status === 'error') return { kind: 'refused', status: statusOf(result.code), code: result.code }
    return { kind: 'stored', duplicate: result.duplicate ?? false, receipt: nextReceipt() }
  })
  return { kind: 'answered', answers }
}

/** What the host's log is called, where its answer says so. */
function named({ log }: { readonly log?: string | undefined }): { log?: string } {
  return log === undefined ? {} : { log }
}

/** What is said of one item, and by which log; or of the call. */
export type SingleAnswer = (ParcelAnswer & { readonly log?: string }) | Exclude<CallAnswer, { kind: 'answered' }>

/** What an answer of `/propagateMessage` says of its one item, or of the call. */
export function readSingle(
  answer: SessionAnswer,
  { parcel }: PropagateItem,
  destination: Destination,
  deps: ReadReceiptsDeps,
): SingleAnswer {
  const { status, body } = answer
  if (status === 200) {
    const parsed = propagateMessageAnswerSchema.safeParse(parseJson(body))
    if (!parsed.success) return malformed
    const { duplicate = false, custody, custodySignature } = parsed.data
    const [receipt = null] = readReceipts(destination, [{ parcel, custody }], custodySignature, deps)
    return { kind: 'stored', duplicate, receipt, ...named(parsed.data) }
  }
  const code = codeOf(answer)
  return isOfOneMessage(status, code) ? { kind: 'refused', status, code } : refusedCall(answer)
}

/** Whether a refusal is for the message alone, and says nothing of what else could be sent there. */
function isOfOneMessage(status: number, code: string): boolean {
  if (status === 404) return code === 'ERR_RECIPIENT_NOT_HOSTED'
  if (status === 425) return code === 'ERR_TOO_EARLY'
  if (status === 429) return code === 'ERR_QUOTA_EXCEEDED'
  return [400, 402, 403, 409, 413, 422].includes(status)
}

export function refusedCall(answer: SessionAnswer): CallAnswer & { kind: 'refused' } {
  const retryAfterMs = parseRetryAfterMs(answer.headers['retry-after'])
  return { kind: 'refused', status: answer.status, code: codeOf(answer), retryAfterMs }
}

/** Of an answer from before authentication; null when there was none, or it is nothing to believe. */
export function refusalOf(error: unknown): CallAnswer | null {
  if (!(error instanceof SessionError) || error.fault !== 'unsigned' || error.status === null) return null
  const { status } = error
  if (status < 500 && !unsignedRefusals.has(status)) return null
  return { kind: 'refused', status, code: `status ${status}`, retryAfterMs: parseRetryAfterMs(error.retryAfter) }
}

export const unanswered: ParcelAnswer = { kind: 'refused', status: 503, code: 'ERR_UNAVAILABLE' }
const malformed: CallAnswer & { kind: 'unreachable' } = { kind: 'unreachable', reason: 'a malformed answer' }

/** What a code means here; one that we do not know is no reason to give a message up. */
function statusOf(code: string): number {
  return Object.hasOwn(errorTable, code) ? errorTable[code as keyof typeof errorTable][0] : 500
}

export function codeOf({ status, body }: SessionAnswer): string {
  const code = (parseJson(body) as { code?: unknown } | null)?.code
  return typeof code === 'string' && /^[A-Z0-9_]{1,80}$/.test(code) ? code : `status ${status}`
}

/** Seconds, or a date (RFC 9110, section 10.2.3). Whoever uses it bounds it. */
function parseRetryAfterMs(header: string | null | undefined): number | null {
  if (header == null) return null
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(ms) ? Math.max(0, ms) : null
}

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'))
  } catch {
    return null
  }
}
