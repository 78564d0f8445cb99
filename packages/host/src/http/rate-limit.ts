import { LruCache } from '@overpost/auth'
import { TokenBucket } from 'limiter'

/** What a caller may do: `burst` at once, and `perSecond` in the long run. */
export interface Rate {
  readonly perSecond: number
  readonly burst: number
}

/**
 * An allowance for each of many callers, in bounded memory: beyond `mostKeys` those that were quiet longest are forgotten,
 * which gives them a full allowance again. Time is the process's own, which never goes back.
 */
export class RateLimit {
  readonly #rate: Rate
  readonly #buckets: LruCache<string, TokenBucket>

  constructor(rate: Rate, mostKeys: number) {
    this.#rate = rate
    this.#buckets = new LruCache(mostKeys)
  }

  /** Callers that are counted now. */
  get size(): number {
    return this.#buckets.size
  }

  /**
   * Takes `cost` from the allowance of `key`, and returns 0; or takes nothing, and returns in how many milliseconds there will
   * be enough. What costs more than a whole burst costs that.
   */
  take(key: string, cost = 1): number {
    const bucket = this.#buckets.get(key) ?? this.#open(key)
    const tokens = Math.min(cost, this.#rate.burst)
    return bucket.tryRemoveTokens(tokens) ? 0 : Math.max(1, bucket.getWaitTime(tokens))
  }

  #open(key: string): TokenBucket {
    const { perSecond, burst } = this.#rate
    const bucket = new TokenBucket({ bucketSize: burst, tokensPerInterval: perSecond, interval: 'second' })
    bucket.content = burst
    this.#buckets.set(key, bucket)
    return bucket
  }
}
