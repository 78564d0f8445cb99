/** On whom satoshis go: who is advertised here already, or who is not. */
export type SpentOn = 'known' | 'newcomers'

/** What adverts have cost on one day: durable, so that a restart does not begin a day anew. */
export interface SpendingStore {
  /** The satoshis of a day (days since 1970, UTC). */
  spent(day: number): Promise<Readonly<Record<SpentOn, number>>>
  /** Counts satoshis to a day; forgets earlier days. @throws {RelayError} ERR_UNAVAILABLE when the disk fails: then they must not be spent. */
  add(day: number, on: SpentOn, satoshis: number): Promise<void>
}
