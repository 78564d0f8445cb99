export interface TransportRequest {
  readonly method: string
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** Null when there is none. */
  readonly body: Uint8Array | null
  /** Ends the request, the reading of its answer included. */
  readonly signal: AbortSignal
  readonly maxAnswerBytes: number
}

export interface TransportAnswer {
  readonly status: number
  /** Names in lower case; what came more than once is joined by `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: Uint8Array
}

/**
 * Sends one HTTP request and reads the whole answer. Follows no redirect and tries only once.
 * @throws {AnswerTooLarge} when the answer has more bytes than allowed; the signal's reason when it aborts; else whatever
 * the network says
 */
export type Transport = (request: TransportRequest) => Promise<TransportAnswer>

export class AnswerTooLarge extends Error {
  constructor(maxAnswerBytes: number) {
    super(`The answer has more than ${maxAnswerBytes} bytes`)
    this.name = 'AnswerTooLarge'
  }
}
