/** An output of a lookup answer, nothing of it checked. */
export interface LookupOutput {
  /** Null when the BEEF itself says which transaction it is about. */
  readonly txid: string | null
  readonly outputIndex: number
  readonly beef: Uint8Array
  /** From our own nodes: the BEEF of the transaction that spends the output. */
  readonly context: Uint8Array | null
}

/**
 * The outputs of an overlay lookup answer, in either of its forms (overlay.md section 2): JSON, or aggregated, where one BEEF
 * serves all. The SDK's facilitator is not used, as it cannot be given a bound or a signal, and parses that BEEF once per output.
 * @throws {Error} for anything else, and for more than `mostOutputs`
 */
export function parseLookupAnswer(contentType: string, body: Uint8Array, mostOutputs: number): LookupOutput[] {
  return contentType.startsWith('application/octet-stream')
    ? parseAggregated(body, mostOutputs)
    : parseJson(new TextDecoder().decode(body), mostOutputs)
}

function parseAggregated(body: Uint8Array, mostOutputs: number): LookupOutput[] {
  const reader = new ByteReader(body)
  const count = reader.varInt()
  if (count > mostOutputs) throw new Error(`more than ${mostOutputs} outputs`)
  const heads = Array.from({ length: count }, () => {
    const txid = Buffer.from(reader.take(32)).toString('hex')
    const outputIndex = reader.varInt()
    const context = reader.take(reader.varInt())
    return { txid, outputIndex, context: context.length === 0 ? null : context }
  })
  const beef = reader.rest()
  return heads.map((head) => ({ ...head, beef }))
}

function parseJson(text: string, mostOutputs: number): LookupOutput[] {
  const answer = JSON.parse(text) as { type?: unknown; outputs?: unknown } | null
  if (answer?.type !== 'output-list' || !Array.isArray(answer.outputs)) throw new Error('not an output list')
  if (answer.outputs.length > mostOutputs) throw new Error(`more than ${mostOutputs} outputs`)
  return (answer.outputs as unknown[]).map((output) => {
    const { beef, outputIndex, context } = (output ?? {}) as {
      beef?: unknown
      outputIndex?: unknown
      context?: unknown
    }
    if (!isByteList(beef) || !Number.isSafeInteger(outputIndex)) throw new Error('an output without BEEF or index')
    const spender = isByteList(context) && context.length > 0 ? Uint8Array.from(context) : null
    return { txid: null, outputIndex: outputIndex as number, beef: Uint8Array.from(beef), context: spender }
  })
}

function isByteList(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((byte) => typeof byte === 'number')
}

/** Reads from the front of some bytes; throws past their end. */
class ByteReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  take(length: number): Uint8Array {
    const end = this.#at + length
    if (end > this.#bytes.length) throw new RangeError('the answer ends early')
    const taken = this.#bytes.subarray(this.#at, end)
    this.#at = end
    return taken
  }

  rest(): Uint8Array {
    return this.take(this.#bytes.length - this.#at)
  }

  /** A Bitcoin variable-length integer. */
  varInt(): number {
    const at = this.#at
    const [first = 0] = this.take(1)
    if (first < 0xfd) return first
    this.take(first === 0xfd ? 2 : first === 0xfe ? 4 : 8)
    if (first === 0xfd) return this.#view.getUint16(at + 1, true)
    if (first === 0xfe) return this.#view.getUint32(at + 1, true)
    const value = Number(this.#view.getBigUint64(at + 1, true))
    if (!Number.isSafeInteger(value)) throw new RangeError('a number is too large')
    return value
  }
}
