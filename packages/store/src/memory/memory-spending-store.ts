import type { SpendingStore, SpentOn } from '@overpost/core'

/** What adverts cost, forgotten with the process. */
export class MemorySpendingStore implements SpendingStore {
  readonly #days = new Map<number, Record<SpentOn, number>>()

  spent(day: number): Promise<Record<SpentOn, number>> {
    return Promise.resolve(this.#days.get(day) ?? { known: 0, newcomers: 0 })
  }

  async add(day: number, on: SpentOn, satoshis: number): Promise<void> {
    const before = await this.spent(day)
    this.#days.set(day, { ...before, [on]: before[on] + satoshis })
    for (const other of this.#days.keys()) if (other < day) this.#days.delete(other)
  }
}
