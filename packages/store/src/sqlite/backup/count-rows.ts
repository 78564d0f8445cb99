import type { Db } from '../database.ts'

/** What a store holds, by count. */
export interface StoreRows {
  /** Messages in boxes. */
  readonly messages: number
  /** Messages on their way to other hosts, or looking for a home. */
  readonly outgoing: number
  readonly users: number
}

export function countRows(db: Db): StoreRows {
  const count = (from: string): number => (db.prepare(`SELECT count(*) FROM ${from}`).raw().get() as [number])[0]
  return {
    messages: count('messages'),
    outgoing: count('outgoing WHERE waiting > 0'),
    users: count('authorizations WHERE revoked_at_ms IS NULL'),
  }
}
