import type { ErrorCode } from '@overpost/protocol'

/** What the client itself finds wrong, beside the codes that a host answers. */
export type ClientErrorCode =
  /** No answer in time. What was sent may have arrived: send the same again. */
  | 'ERR_TIMEOUT'
  /** The caller's signal aborted. */
  | 'ERR_ABORTED'
  /** No connection, or it broke: what was sent may have arrived. */
  | 'ERR_UNREACHABLE'
  /** The host, or who answers in its place, does not prove the key that it should have. */
  | 'ERR_WRONG_HOST'
  /** An answer that is not of the form agreed on. */
  | 'ERR_INVALID_ANSWER'
  /** An answer that nobody signed: from a proxy, or from before authentication. Its status is known, and no more. */
  | 'ERR_UNSIGNED_ANSWER'

/** A call to a host failed. `code` is the host's word when it answered, which may be one that this version does not know. */
export class RelayClientError extends Error {
  override readonly name = 'RelayClientError'
  readonly code: ClientErrorCode | ErrorCode | (string & {})
  /** The HTTP status; null when there was no answer, or none that can be believed. */
  readonly status: number | null
  /** Further fields of a host's refusal, such as `blockedRecipients`. */
  readonly details: Readonly<Record<string, unknown>>

  constructor(
    code: RelayClientError['code'],
    message: string,
    options: { status?: number | null; cause?: unknown; details?: Readonly<Record<string, unknown>> } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause })
    this.code = code
    this.status = options.status ?? null
    this.details = options.details ?? {}
  }

  /** Whether the same call may go through later: nothing was refused for good. */
  get isTemporary(): boolean {
    if (this.status === null) return this.code === 'ERR_TIMEOUT' || this.code === 'ERR_UNREACHABLE'
    return this.status >= 500 || this.status === 408 || this.status === 425 || this.status === 429
  }
}
