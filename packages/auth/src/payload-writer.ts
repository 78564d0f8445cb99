const utf8 = new TextEncoder()
const poolBytes = 65_536

/** Writes BRC-104's payload into one growing buffer; {@link PayloadWriter.take} hands out a copy, and the writer can be used again. */
export class PayloadWriter {
  #buffer = new Uint8Array(2048)
  #length = 0
  /** What is handed out is cut from this, since an array of its own has memory of its own, outside the heap. */
  #pool = new Uint8Array(0)

  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length)
    this.#buffer.set(bytes, this.#length)
    this.#length += bytes.length
    return this
  }

  /** A Bitcoin varint of a number from 0 to 2^32 - 1. */
  varint(value: number): this {
    this.#reserve(5)
    if (value < 0xfd) this.#buffer[this.#length++] = value
    else if (value <= 0xffff) this.#littleEndian(0xfd, value, 2)
    else this.#littleEndian(0xfe, value, 4)
    return this
  }

  /** How BRC-104 writes "absent": the varint of -1. */
  absent(): this {
    this.#reserve(9)
    this.#buffer.fill(0xff, this.#length, this.#length + 9)
    this.#length += 9
    return this
  }

  /** The length of the text in UTF-8, then its bytes. */
  text(text: string): this {
    const start = this.#length
    if (text.length < 0xfd) {
      this.#reserve(text.length + 1)
      this.#buffer[this.#length++] = text.length
      if (this.#ascii(text)) return this
      this.#length = start
    }
    const bytes = utf8.encode(text)
    return this.varint(bytes.length).bytes(bytes)
  }

  /** What was written, and `rest` behind it, which need not be copied twice so. */
  take(rest?: Uint8Array): Uint8Array {
    const written = this.#buffer.subarray(0, this.#length)
    const taken = this.#cut(written.length + (rest?.length ?? 0))
    taken.set(written)
    if (rest !== undefined) taken.set(rest, written.length)
    this.#length = 0
    // One large body must not stay for good.
    if (this.#buffer.length > 65_536) this.#buffer = new Uint8Array(2048)
    return taken
  }

  /** False when it met another character; what it wrote until then counts for nothing. */
  #ascii(text: string): boolean {
    for (let at = 0; at < text.length; at++) {
      const code = text.charCodeAt(at)
      if (code > 127) return false
      this.#buffer[this.#length++] = code
    }
    return true
  }

  #cut(bytes: number): Uint8Array {
    if (bytes > poolBytes / 8) return new Uint8Array(bytes)
    if (bytes > this.#pool.length) this.#pool = new Uint8Array(poolBytes)
    const cut = this.#pool.subarray(0, bytes)
    this.#pool = this.#pool.subarray(bytes)
    return cut
  }

  #littleEndian(mark: number, value: number, bytes: number): void {
    this.#buffer[this.#length++] = mark
    for (let shift = 0; shift < 8 * bytes; shift += 8) this.#buffer[this.#length++] = (value >>> shift) & 0xff
  }

  #reserve(more: number): void {
    const needed = this.#length + more
    if (needed <= this.#buffer.length) return
    const larger = new Uint8Array(Math.max(needed, 2 * this.#buffer.length))
    larger.set(this.#buffer.subarray(0, this.#length))
    this.#buffer = larger
  }
}
