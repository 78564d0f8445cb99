/** One connection that is not HTTP, whatever carries it: it takes messages whole and in order. */
export interface LiveLink {
  /** Hands a message over; resolves when the network has taken it, rejects when the connection is gone. */
  send(message: object): Promise<void>
  /** Bytes that were handed over and that the network has not taken yet, about. */
  readonly waitingBytes: number
  /** Ends it, and gives up what waits. `code` is a WebSocket's. */
  close(code: number, reason: string): void
}

/** Why a connection ends (RFC 6455, and ours from 4000). */
export const closeCodes = {
  goingAway: 1001,
  invalid: 1007,
  fault: 1011,
  unauthorized: 4401,
  slow: 4408,
  tooMany: 4429,
} as const
