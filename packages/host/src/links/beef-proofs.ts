import { nativeHasher } from '@overpost/auth'
import { BoundedMap } from '@overpost/core'
import {
  parseBeef,
  proveTransaction,
  type BlockRoot,
  type HeaderSource,
  type ParsedBeef,
  type ProvenTransaction,
} from '@overpost/protocol'

const mostRemembered = 10_000

/**
 * Proves transactions of BEEFs that strangers hand us, and remembers on which blocks each proof rests: the same transaction
 * again costs a look at those blocks' headers only, and after a reorganisation it must be proven anew.
 */
export class BeefProofs {
  readonly #headers: HeaderSource
  readonly #remembered = new BoundedMap<string, ProvenTransaction>(mostRemembered)

  constructor(headers: HeaderSource) {
    this.#headers = { isValidRootForHeight: (root, height) => askHeaders(headers, { root, height }) }
  }

  /**
   * The transaction `txid` of `beef`; null when the BEEF does not prove it.
   * @throws {HeadersUnavailable} when the block headers could not be asked: that says nothing of the BEEF.
   */
  async prove(beef: ParsedBeef, txid: string): Promise<ProvenTransaction | null> {
    const remembered = this.#remembered.get(txid)
    if (remembered !== undefined && (await this.#stillHolds(remembered.blocks))) return remembered
    const proven = await proveTransaction(beef, txid, { headers: this.#headers, hasher: nativeHasher })
    if (proven !== null) this.#remembered.set(txid, proven)
    return proven
  }

  /** Whether it was proven before: then it costs little. */
  remembers(txid: string): boolean {
    return this.#remembered.get(txid) !== undefined
  }

  async #stillHolds(blocks: readonly BlockRoot[]): Promise<boolean> {
    const answers = await Promise.all(
      blocks.map(({ root, height }) => this.#headers.isValidRootForHeight(root, height)),
    )
    return answers.every((isOnChain) => isOnChain)
  }
}

/** The block headers service could not be asked. */
export class HeadersUnavailable extends Error {
  constructor(cause: unknown) {
    super('the block headers could not be asked', { cause })
    this.name = 'HeadersUnavailable'
  }
}

/** Null for bytes that are not a BEEF. */
export function readBeef(bytes: Uint8Array): ParsedBeef | null {
  try {
    return parseBeef(bytes, nativeHasher)
  } catch {
    return null
  }
}

/** The id of a transaction in a BEEF that spends an outpoint; null when there is none. */
export function spenderOf(beef: ParsedBeef, txid: string, outputIndex: number): string | null {
  for (const [spender, { inputs }] of beef.transactions) {
    if (inputs.some((input) => input.txid === txid && input.outputIndex === outputIndex)) return spender
  }
  return null
}

async function askHeaders(headers: HeaderSource, { root, height }: BlockRoot): Promise<boolean> {
  try {
    return await headers.isValidRootForHeight(root, height)
  } catch (cause) {
    throw new HeadersUnavailable(cause)
  }
}
