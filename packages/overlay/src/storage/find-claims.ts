import type Database from 'better-sqlite3'
import type { Coin } from './admission-record.ts'

/** Which claims are asked for: all that is given must hold. */
export interface ClaimFilter {
  readonly userKey?: string | undefined
  readonly hostKey?: string | undefined
  readonly origin?: string | undefined
  readonly names?: readonly string[] | undefined
  /** Spent outputs too. */
  readonly includeSpent: boolean
  /**
   * What becomes of a claim of which an output was spent and another one is live: `nothing` (the live one is answered), `gone` (it is
   * not: what was spent never comes back, phip.md section 6), `last` (after all others, unless the live one's transaction spends an
   * output of the same user; docs/specs/messagebox-advert.md).
   */
  readonly spentBefore: 'nothing' | 'gone' | 'last'
  /**
   * Withdrawals up to this time (Unix milliseconds) count: they end claims issued before them, and those of the user asked for are answered
   * first. Undefined: the topic has none.
   */
  readonly withdrawalsUntilMs?: number | undefined
  readonly order: 'newest first' | 'oldest first'
  readonly limit: number
  readonly skip: number
}

export interface ClaimMatch extends Coin {
  readonly spent: boolean
  /** Of the stored BEEF. */
  readonly beefBytes: number
}

type Parameters = Record<string, string | number>

/** The outputs that answer `filter`. Indexes hold claims in the order of the answer, so the cost is that of what is answered. */
export function findClaims(db: Database.Database, topic: string, filter: ClaimFilter): ClaimMatch[] {
  const { limit, skip } = filter
  const withdrawals = withdrawalQuery(topic, filter)
  if (withdrawals === null) return answer(db, tokenQuery(topic, filter), { limit, skip })
  const first = answer(db, withdrawals, { limit, skip })
  const before = first.length > 0 && skip === 0 && first.length < limit ? first.length : count(db, withdrawals)
  const page = { limit: limit - first.length, skip: Math.max(0, skip - before) }
  return page.limit === 0 ? first : [...first, ...answer(db, tokenQuery(topic, filter), page)]
}

interface Query {
  /** Gives rows `(id, rank)`. */
  readonly sql: string
  /** Goes before it. */
  readonly preamble: string
  readonly order: string
  readonly parameters: Parameters
}

/** Of each host that the user withdrew, the latest withdrawal that counts, whatever became of the token that says so. */
function withdrawalQuery(topic: string, { userKey, hostKey, withdrawalsUntilMs }: ClaimFilter): Query | null {
  if (userKey === undefined || withdrawalsUntilMs === undefined) return null
  const ofHost = hostKey === undefined ? '' : `AND host_key IN (:hostKey, 'ALL')`
  return {
    preamble: '',
    // A bare column beside max() is that of the row with the largest.
    sql: `SELECT coalesce(live_output, spent_output) AS id, 0 AS rank, max(withdrawn_at) FROM claims
      WHERE topic = :topic AND user_key = :userKey AND withdrawn_at <= :until ${ofHost}
        AND (live_output IS NOT NULL OR spent_output IS NOT NULL) GROUP BY host_key`,
    order: 'id DESC',
    parameters: { topic, userKey, until: withdrawalsUntilMs, ...(hostKey === undefined ? {} : { hostKey }) },
  }
}

function tokenQuery(topic: string, filter: ClaimFilter): Query {
  const { userKey, hostKey, origin, names, includeSpent, spentBefore, withdrawalsUntilMs, order } = filter
  const parameters: Parameters = { topic }
  const conditions = ['c.topic = :topic', 'c.withdrawn_at IS NULL']
  const add = (condition: string, name: string, value: string | undefined) => {
    if (value === undefined) return
    conditions.push(condition)
    parameters[name] = value
  }
  add('c.user_key = :userKey', 'userKey', userKey)
  add('c.host_key = :hostKey', 'hostKey', hostKey)
  add('c.origin = :origin', 'origin', origin)
  if (names?.length === 1) add('c.name = :name', 'name', names[0])
  else if (names !== undefined) add('c.name IN (SELECT value FROM json_each(:names))', 'names', JSON.stringify(names))
  const where = conditions.join(' AND ')

  const isLast = spentBefore === 'last' && userKey !== undefined
  const liveConditions = ['c.live_output IS NOT NULL']
  if (spentBefore === 'gone' && !includeSpent) liveConditions.push('c.spent_output IS NULL')
  if (withdrawalsUntilMs !== undefined && !includeSpent) {
    liveConditions.push(notWithdrawn)
    parameters['until'] = withdrawalsUntilMs
  }
  const live = isLast
    ? `SELECT coalesce(v.id, c.live_output) AS id, v.id IS NULL AND c.spent_output IS NOT NULL AS rank
        FROM claims c LEFT JOIN vouched v ON v.claim = c.id WHERE ${where} AND ${liveConditions.join(' AND ')}`
    : `SELECT c.live_output AS id, 0 AS rank FROM claims c WHERE ${where} AND ${liveConditions.join(' AND ')}`
  const spent = `SELECT c.spent_output AS id, 0 AS rank FROM claims c WHERE ${where} AND c.spent_output IS NOT NULL`
  const direction = order === 'newest first' ? 'DESC' : 'ASC'
  return {
    preamble: isLast ? vouchedOutputs : '',
    sql: includeSpent ? `${live} UNION ALL ${spent}` : live,
    order: isLast ? `rank, id ${direction}` : `id ${direction}`,
    parameters,
  }
}

const withdrawal = `SELECT 1 FROM claims w WHERE w.topic = c.topic AND w.user_key = c.user_key AND w.withdrawn_at <= :until
  AND (w.live_output IS NOT NULL OR w.spent_output IS NOT NULL)`

/** Dated: none of its host, or of all, came later. Undated: there is none at all (phip.md section 10). */
const notWithdrawn = `CASE WHEN c.issued_at IS NULL THEN NOT EXISTS (${withdrawal})
  ELSE NOT EXISTS (${withdrawal} AND w.host_key = c.host_key AND w.withdrawn_at > c.issued_at)
    AND NOT EXISTS (${withdrawal} AND w.host_key = 'ALL' AND w.withdrawn_at > c.issued_at) END`

/** Live outputs of transactions that spend an output of the same user, by what they say. Only the user can make such a one. */
const vouchedOutputs = `WITH vouched AS MATERIALIZED (SELECT o.claim, max(o.id) AS id FROM claims pc
  JOIN outputs p ON p.claim = pc.id AND p.spent = 1
  JOIN spends s ON s.topic = p.topic AND s.txid = p.txid AND s.vout = p.vout
  JOIN outputs o ON o.txid = s.spending_txid AND o.topic = p.topic AND o.spent = 0 AND o.gone = 0
  JOIN claims oc ON oc.id = o.claim AND oc.user_key = pc.user_key
  WHERE pc.topic = :topic AND pc.user_key = :userKey GROUP BY o.claim)`

function answer(
  db: Database.Database,
  { preamble, sql, order, parameters }: Query,
  page: { limit: number; skip: number },
): ClaimMatch[] {
  const rows = db
    .prepare(
      `${preamble} SELECT o.txid, o.vout AS outputIndex, o.spent, length(t.beef) AS beefBytes
      FROM (${sql} ORDER BY ${order} LIMIT :limit OFFSET :skip) m
      JOIN outputs o ON o.id = m.id JOIN transactions t ON t.txid = o.txid ORDER BY ${order.replace('id', 'm.id')}`,
    )
    .all({ ...parameters, ...page }) as (Omit<ClaimMatch, 'spent'> & { spent: number })[]
  return rows.map((row) => ({ ...row, spent: row.spent === 1 }))
}

function count(db: Database.Database, { sql, parameters }: Query): number {
  return (db.prepare(`SELECT count(*) AS count FROM (${sql})`).get(parameters) as { count: number }).count
}
