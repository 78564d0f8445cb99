import { RelayError } from '../errors.ts'

/** Reads bytes in order and refuses (400) what ends too early or counts beyond what is left. */
export class ByteReader {
  at = 0
  /** For its user to count with. */
  parts = 0
  readonly #bytes: Uint8Array
  readonly #view: DataView

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get left(): number {
    return this.#bytes.length - this.at
  }

  byte(): number {
    return this.#view.getUint8(this.#advance(1))
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4), true)
  }

  bytes(length: number): Uint8Array {
    const start = this.#advance(length)
    return this.#bytes.subarray(start, start + length)
  }

  slice(start: number): Uint8Array {
    return this.#bytes.subarray(start, this.at)
  }

  varInt(): number {
    const first = this.byte()
    if (first < 0xfd) return first
    if (first === 0xfd) return this.#view.getUint16(this.#advance(2), true)
    if (first === 0xfe) return this.uint32()
    const value = this.#view.getBigUint64(this.#advance(8), true)
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw malformed('a number is too large')
    return Number(value)
  }

  /** A count of things of at least `leastBytes` each, refused when so many cannot follow. */
  count(leastBytes: number): number {
    const count = this.varInt()
    if (count * leastBytes > this.left) throw malformed('it ends too early')
    return count
  }

  #advance(length: number): number {
    const start = this.at
    if (length > this.left) throw malformed('it ends too early')
    this.at += length
    return start
  }
}

/** The refusal of a BEEF that is not one. */
export function malformed(why: string): RelayError {
  return new RelayError('ERR_INVALID_PARAMETERS', `The BEEF is not well formed: ${why}.`)
}
