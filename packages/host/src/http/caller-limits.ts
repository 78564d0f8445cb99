import type { PeerState } from '@overpost/auth'
import { RelayError } from '@overpost/protocol'
import type { Context, Middleware } from 'koa'
import { networkOf } from './address-network.ts'
import { RateLimit, type Rate } from './rate-limit.ts'

/** Whose rate it is that was exceeded. */
export type LimitedBy = 'address' | 'identity' | 'peer'

export interface CallerRates extends Readonly<Record<LimitedBy, Rate>> {
  readonly enabled: boolean
  /** Callers of each kind that are counted. */
  readonly tracked: number
}

/** Routes by which hosts hand messages to each other: their callers have the rate of a host. */
const peerPaths = new Set(['/propagateMessage', '/propagateMessages', '/syncAcknowledgements', '/handoverMessages'])
const bytesPerUnit = 65_536
/** A longer body is not read only to keep the connection of somebody who calls too often. */
const longestIgnoredBytes = 65_536

/**
 * How often anybody may call. An address is counted before anything of a request is read or checked, so that a flood costs
 * little; an identity only once it has proved itself, so that nobody uses up the rate of another. Over a rate: 429
 * ERR_RATE_LIMITED with Retry-After, and nothing was done.
 */
export class CallerLimits {
  readonly #limits: Readonly<Record<LimitedBy, RateLimit>> | null
  readonly #refused: (by: LimitedBy) => void

  constructor({ enabled, tracked, ...rates }: CallerRates, refused: (by: LimitedBy) => void) {
    const limit = (rate: Rate): RateLimit => new RateLimit(rate, tracked)
    this.#limits = enabled
      ? { address: limit(rates.address), identity: limit(rates.identity), peer: limit(rates.peer) }
      : null
    this.#refused = refused
  }

  /** Counts a request for its address. Needs nothing before it. */
  byAddress(): Middleware {
    return async (ctx, next) => {
      if (this.#limits !== null) {
        const waitMs = this.#limits.address.take(networkOf(ctx.ip))
        if (waitMs > 0) {
          if (isLong(ctx)) ctx.set('connection', 'close')
          this.#refuse(ctx, 'address', waitMs)
        }
      }
      await next()
    }
  }

  /** Counts a call for the identity that made it, or for the host, by its body's length. Needs authentication before it. */
  byCaller(): Middleware<PeerState> {
    return async (ctx, next) => {
      this.#charge(ctx, unitsOf(ctx))
      await next()
    }
  }

  /** Counts a new connection from an address, and returns 0; or in how many milliseconds there may be one. */
  takeConnection(address: string): number {
    return this.#take('address', networkOf(address), 1)
  }

  /** Counts what an identity hands in over a connection, as {@link takeConnection}. */
  takeMessage(identityKey: string, bytes: number): number {
    return this.#take('identity', identityKey, Math.max(1, Math.ceil(bytes / bytesPerUnit)))
  }

  /** Counts the messages of a call, once they are known. @throws {RelayError} ERR_RATE_LIMITED */
  countMessages(ctx: Context & { state: PeerState }, messages: number): void {
    const further = messages - unitsOf(ctx)
    if (further > 0) this.#charge(ctx, further)
  }

  #take(by: LimitedBy, key: string, units: number): number {
    const waitMs = this.#limits?.[by].take(key, units) ?? 0
    if (waitMs > 0) this.#refused(by)
    return waitMs
  }

  #charge(ctx: Context & { state: PeerState }, units: number): void {
    if (this.#limits === null) return
    const by = peerPaths.has(ctx.path) ? 'peer' : 'identity'
    const waitMs = this.#limits[by].take(ctx.state.peer.identityKey, units)
    if (waitMs > 0) this.#refuse(ctx, by, waitMs)
  }

  #refuse(ctx: Context, by: LimitedBy, waitMs: number): never {
    this.#refused(by)
    ctx.set('retry-after', String(Math.ceil(waitMs / 1000)))
    throw new RelayError('ERR_RATE_LIMITED')
  }
}

function unitsOf({ state }: { state: PeerState }): number {
  return Math.max(1, Math.ceil(state.rawBody.length / bytesPerUnit))
}

function isLong({ req: { headers } }: Context): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > longestIgnoredBytes
}
