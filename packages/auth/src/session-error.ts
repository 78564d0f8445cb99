/**
 * Why there is no answer that can be believed.
 * - `unreachable`: the network, or the host's HTTP, failed.
 * - `wrong-key`: the host speaks for another key than expected.
 * - `refused`: 401 again, after a new handshake.
 * - `unsigned`: an answer without a signature, with its `status`: a proxy's, or from before authentication (413, 429, 503).
 * - `not-authentic`: an answer that claims to be signed, and is not what this host signed for this request.
 * - `too-large`: an answer with more bytes than allowed.
 */
export type SessionFault = 'unreachable' | 'wrong-key' | 'refused' | 'unsigned' | 'not-authentic' | 'too-large'

/** A call without an answer that can be believed. When its signal aborts, a call rejects with the signal's reason instead. */
export class SessionError extends Error {
  readonly fault: SessionFault
  /** Of the answer that came, which nobody signed; null when none came. */
  readonly status: number | null
  /** Its `retry-after` header. */
  readonly retryAfter: string | null

  constructor(
    fault: SessionFault,
    message: string,
    {
      cause,
      status = null,
      retryAfter = null,
    }: { cause?: unknown; status?: number | null; retryAfter?: string | null } = {},
  ) {
    super(message, cause === undefined ? {} : { cause })
    this.name = 'SessionError'
    this.fault = fault
    this.status = status
    this.retryAfter = retryAfter
  }
}
