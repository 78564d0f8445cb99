export interface RawAnswer {
  readonly status: number
  /** Status line and headers, as they came. */
  readonly head: string
  readonly body: Buffer
}

const BLANK_LINE = Buffer.from('\r\n\r\n')

/** Puts HTTP answers together from the chunks of a socket. They must state their `content-length`. */
export class AnswerReader {
  #pending: Buffer = Buffer.alloc(0)

  /** The answer that `chunk` completes, or null while one is incomplete. At most one answer is on its way at a time. */
  push(chunk: Buffer): RawAnswer | null {
    this.#pending = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk])
    const headEnd = this.#pending.indexOf(BLANK_LINE)
    if (headEnd < 0) return null
    const head = this.#pending.toString('latin1', 0, headEnd)
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
    if (length === undefined) throw new Error(`An answer without content-length: ${head}`)
    const bodyStart = headEnd + BLANK_LINE.length
    if (this.#pending.length < bodyStart + Number(length)) return null
    const body = this.#pending.subarray(bodyStart)
    this.#pending = Buffer.alloc(0)
    return { status: Number(head.slice(9, 12)), head, body }
  }
}
