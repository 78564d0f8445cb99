import { RelayError, type BoxName, type ErrorCode, type IdentityKey } from '@overpost/protocol'
import { BoundedMap } from './bounded-map.ts'
import type { Clock } from './ports/clock.ts'
import type { DeliveryRule, PermissionStore, RuleName } from './ports/permission-store.ts'

const mostKnown = 50_000
/** Of one owner: a rule is a row that the owner fills without being asked for anything. */
export const maxDeliveryRules = 10_000
/** The fee of a sender who is not wanted. */
export const blockedFee = -1

/** Why a fee keeps a message out; null when it does not. Nothing is charged yet, so whatever costs something is refused. */
export function refusalFor(feeSatoshis: number): ErrorCode | null {
  if (feeSatoshis === blockedFee) return 'ERR_DELIVERY_BLOCKED'
  return feeSatoshis > 0 ? 'ERR_MISSING_PAYMENT_TX' : null
}

/**
 * Who may send to whom, and for what fee (docs/specs/permissions.md). The one place that every door asks. Nearly nobody has
 * rules, so that is what is remembered: a message to such an owner costs one look into a map. When the store cannot say,
 * nothing is let in.
 */
export class Permissions {
  readonly #store: PermissionStore
  readonly #clock: Clock
  /** Owners without rules have 0; the others a number that is new after each change, so that older fees are not found again. */
  readonly #generations = new BoundedMap<IdentityKey, number>(mostKnown)
  readonly #fees = new BoundedMap<string, number>(mostKnown)
  /** Changes so far: what was read before one may be what it replaced. */
  #changes = 0
  #lastGeneration = 0

  constructor(store: PermissionStore, clock: Clock) {
    this.#store = store
    this.#clock = clock
  }

  /** What a message of `sender` to that box costs, in satoshis: 0 nothing, -1 blocked. @throws {RelayError} ERR_UNAVAILABLE */
  fee(owner: IdentityKey, box: BoxName, sender: IdentityKey): number | Promise<number> {
    const generation = this.#generations.get(owner)
    if (generation === 0) return 0
    const known = generation === undefined ? undefined : this.#fees.get(`${generation} ${sender} ${box}`)
    return known ?? this.#read(owner, box, sender)
  }

  /** The rule of exactly that name. */
  find(owner: IdentityKey, name: RuleName): Promise<DeliveryRule | null> {
    return this.#store.find(owner, name)
  }

  /** The owner's rules, in the order of the store. */
  list(...page: Parameters<PermissionStore['list']>): ReturnType<PermissionStore['list']> {
    return this.#store.list(...page)
  }

  /** Sets a rule; null takes it away. What is asked for afterwards goes by it. @throws {RelayError} ERR_QUOTA_EXCEEDED */
  async put(owner: IdentityKey, rule: RuleName & { readonly feeSatoshis: number | null }): Promise<void> {
    try {
      const outcome = await this.#store.put(owner, rule, { nowMs: this.#clock.nowMs(), most: maxDeliveryRules })
      if (outcome === 'full') {
        throw new RelayError('ERR_QUOTA_EXCEEDED', `At most ${maxDeliveryRules} rules are kept for one identity.`)
      }
    } finally {
      this.#changes += 1
      this.#generations.delete(owner)
    }
  }

  async #read(owner: IdentityKey, box: BoxName, sender: IdentityKey): Promise<number> {
    const changes = this.#changes
    const hasRules = await this.#store.hasRules(owner)
    const rule = hasRules
      ? ((await this.#store.find(owner, { box, sender })) ?? (await this.#store.find(owner, { box, sender: null })))
      : null
    const fee = rule?.feeSatoshis ?? 0
    if (changes === this.#changes) this.#remember(owner, hasRules, `${sender} ${box}`, fee)
    return fee
  }

  #remember(owner: IdentityKey, hasRules: boolean, name: string, fee: number): void {
    let generation = this.#generations.get(owner)
    if (generation === undefined) {
      generation = hasRules ? (this.#lastGeneration += 1) : 0
      this.#generations.set(owner, generation)
    }
    if (generation > 0) this.#fees.set(`${generation} ${name}`, fee)
  }
}
