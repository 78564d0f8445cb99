import { BlockHeadersService, FetchHttpClient, type ChainTracker } from '@bsv/sdk'
import { BoundedMap, type Clock } from '@overpost/core'

export interface HeaderTrackerOptions {
  /** The base URL of a block headers service. */
  readonly url: string
  readonly apiKey: string | null
  readonly timeoutMs: number
  /** Default: Node's own. */
  readonly fetch?: typeof fetch
}

const mostRoots = 10_000
/** Blocks under so many others do not leave the chain any more. */
const deepBlocks = 12
const deepMs = 60 * 60 * 1000
const recentMs = 5_000
const tipMs = 30_000

/**
 * A chain tracker on a block headers service that remembers what the service confirmed: long for deep blocks, seconds for
 * recent ones, which a reorganisation can replace. A "no" is never remembered. Rejects when the service cannot be asked.
 */
export class HeaderTracker implements ChainTracker {
  readonly #service: ChainTracker
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #confirmedUntilMs = new BoundedMap<string, number>(mostRoots)
  readonly #flights = new Map<string, Promise<boolean>>()
  #tip = { height: 0, freshUntilMs: 0 }

  constructor(service: ChainTracker, clock: Pick<Clock, 'nowMs'>) {
    this.#service = service
    this.#clock = clock
  }

  async isValidRootForHeight(root: string, height: number): Promise<boolean> {
    const key = `${height} ${root}`
    if ((this.#confirmedUntilMs.get(key) ?? 0) > this.#clock.nowMs()) return true
    let flight = this.#flights.get(key)
    if (flight === undefined) {
      flight = this.#ask(key, root, height).finally(() => this.#flights.delete(key))
      this.#flights.set(key, flight)
    }
    return flight
  }

  /** The height of the tip, at most half a minute old. */
  async currentHeight(): Promise<number> {
    const nowMs = this.#clock.nowMs()
    if (this.#tip.freshUntilMs <= nowMs) {
      this.#tip = { height: await this.#service.currentHeight(), freshUntilMs: nowMs + tipMs }
    }
    return this.#tip.height
  }

  async #ask(key: string, root: string, height: number): Promise<boolean> {
    if (!(await this.#service.isValidRootForHeight(root, height))) return false
    // Without the tip's height the block counts as recent: the answer itself is not in doubt.
    const tip = await this.currentHeight().catch(() => height)
    const lifetimeMs = tip - height >= deepBlocks ? deepMs : recentMs
    this.#confirmedUntilMs.set(key, this.#clock.nowMs() + lifetimeMs)
    return true
  }
}

/** The block headers service at `url`; each call ends within `timeoutMs`. */
export function blockHeadersService({
  url,
  apiKey,
  timeoutMs,
  fetch: call = fetch,
}: HeaderTrackerOptions): ChainTracker {
  const httpClient = new FetchHttpClient((address, options) =>
    call(address, { ...options, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) }),
  )
  return new BlockHeadersService(url, { httpClient, ...(apiKey === null ? {} : { apiKey }) })
}
