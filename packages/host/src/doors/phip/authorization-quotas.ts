import { RelayError, type IdentityKey } from '@overpost/protocol'
import { networkOf } from '../../http/address-network.ts'
import { RateLimit } from '../../http/rate-limit.ts'

export interface AuthorizationQuotasOptions {
  /** Identities that one address may bring in a day, and all together. */
  readonly newPerAddress: number
  readonly newPerDay: number
  /** Statements of one identity that is here, in a day. */
  readonly changesPerUser: number
}

const daySeconds = 86_400
const mostKeys = 50_000

/**
 * How many statements that cost the operator a token are taken: from an address, of an identity, in all. A day's worth at once, and then by and
 * by, so that no midnight gives a second one. What they cost is bounded by the budget of the advertiser; this keeps the queue for it short.
 */
export class AuthorizationQuotas {
  readonly #options: AuthorizationQuotasOptions
  readonly #byAddress: RateLimit
  readonly #byUser: RateLimit
  readonly #all: RateLimit

  constructor(options: AuthorizationQuotasOptions) {
    const daily = (burst: number) => new RateLimit({ perSecond: burst / daySeconds, burst }, mostKeys)
    this.#options = options
    this.#byAddress = daily(options.newPerAddress)
    this.#byUser = daily(options.changesPerUser)
    this.#all = daily(options.newPerDay)
  }

  /** Counts an identity that is new here. @throws {RelayError} ERR_QUOTA_EXCEEDED */
  takeNew(address: string): void {
    const { newPerAddress, newPerDay } = this.#options
    refuseAfter(this.#byAddress.take(networkOf(address)), 'new identities of one address in a day', newPerAddress)
    refuseAfter(this.#all.take('all'), 'new identities in a day', newPerDay)
  }

  /** Counts a statement of an identity that is here. @throws {RelayError} ERR_QUOTA_EXCEEDED */
  takeChange(user: IdentityKey): void {
    const { changesPerUser } = this.#options
    refuseAfter(this.#byUser.take(user), 'changes of one identity in a day', changesPerUser)
  }
}

function refuseAfter(waitMs: number, quota: string, limit: number): void {
  if (waitMs === 0) return
  const retryAfterMs = Math.ceil(waitMs)
  throw new RelayError('ERR_QUOTA_EXCEEDED', `No more ${quota}: ${limit}.`, { details: { quota, limit, retryAfterMs } })
}
