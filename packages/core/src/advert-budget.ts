import type { Clock } from './ports/clock.ts'
import type { SpendingStore, SpentOn } from './ports/spending-store.ts'

const dayMs = 86_400_000
/** Of the budget: what is left is for those who are advertised already, whatever strangers do. */
const newcomersShare = 0.5

/** What adverts may cost in a day (UTC). A clock that is set back begins no day anew. */
export class AdvertBudget {
  readonly #spending: SpendingStore
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #dailySatoshis: number
  #latestDay = 0

  constructor(spending: SpendingStore, clock: Pick<Clock, 'nowMs'>, dailySatoshis: number) {
    this.#spending = spending
    this.#clock = clock
    this.#dailySatoshis = dailySatoshis
  }

  /** Counts `satoshis` as spent and resolves to true, or to false when they are not to be had today. */
  async take(on: SpentOn, satoshis: number): Promise<boolean> {
    if (satoshis > (await this.left(on))) return false
    await this.#spending.add(this.#today(), on, satoshis)
    return true
  }

  async left(on: SpentOn): Promise<number> {
    const { known, newcomers } = await this.#spending.spent(this.#today())
    const left = this.#dailySatoshis - known - newcomers
    return on === 'known' ? left : Math.min(left, Math.floor(this.#dailySatoshis * newcomersShare) - newcomers)
  }

  #today(): number {
    this.#latestDay = Math.max(this.#latestDay, Math.floor(this.#clock.nowMs() / dayMs))
    return this.#latestDay
  }
}
