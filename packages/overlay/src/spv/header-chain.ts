import type { ChainTracker } from '@bsv/sdk'
import { RelayError } from '@overpost/protocol'

const tipLifeMs = 5_000
const maxRoots = 10_000

/**
 * Block headers, asked from a header service, with two memories: the tip for some seconds, and for good the yes to (root, height) of a
 * block with `deepBlocks` above it, which no reorganisation takes back. A no is never remembered. When the service does not
 * answer, that is ERR_UNAVAILABLE: never a reason to call a transaction bad.
 */
export class HeaderChain {
  readonly #service: ChainTracker
  readonly #deepBlocks: number
  readonly #now: () => number
  readonly #deepRoots = new Set<string>()
  #tip: { height: number; atMs: number } | null = null

  constructor(service: ChainTracker, { deepBlocks, now }: { deepBlocks: number; now: () => number }) {
    this.#service = service
    this.#deepBlocks = deepBlocks
    this.#now = now
  }

  /** The height of the longest chain, at most 5 s old. */
  async tipHeight(): Promise<number> {
    if (this.#tip !== null && this.#now() - this.#tip.atMs < tipLifeMs) return this.#tip.height
    const height = await ask(() => this.#service.currentHeight())
    this.#tip = { height, atMs: this.#now() }
    return height
  }

  async isValidRootForHeight(root: string, height: number): Promise<boolean> {
    const key = `${height}:${root}`
    if (this.#deepRoots.has(key)) return true
    if (!(await ask(() => this.#service.isValidRootForHeight(root, height)))) return false
    if (height + this.#deepBlocks <= (await this.tipHeight())) this.#remember(key)
    return true
  }

  /** Forgets what was remembered for good: the chain turned back further than was thought possible, or may have. */
  forget(): void {
    this.#deepRoots.clear()
    this.#tip = null
  }

  /**
   * For `Transaction.verify` of `@bsv/sdk` 2.1.0, which asks the height for one thing: it refuses the coinbase of a block that is more than
   * 100 deep, where it means one that is less. Height 0 keeps it from that; `traceAncestry` names the coinbases to check instead.
   */
  forVerification(): ChainTracker {
    return {
      isValidRootForHeight: (root, height) => this.isValidRootForHeight(root, height),
      currentHeight: () => Promise.resolve(0),
    }
  }

  #remember(key: string): void {
    this.#deepRoots.add(key)
    const [oldest] = this.#deepRoots
    if (this.#deepRoots.size > maxRoots && oldest !== undefined) this.#deepRoots.delete(oldest)
  }
}

async function ask<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question()
  } catch (cause) {
    throw new RelayError('ERR_UNAVAILABLE', 'The block headers cannot be asked right now; try again.', { cause })
  }
}
