import type { Destination, Quotas } from '@overpost/core'
import type { BoxName, IdentityKey } from '@overpost/protocol'
import { Connection, type Db } from './database.ts'
import { IdCache } from './id-cache.ts'

/** A box, with the last sequence of its log. */
export interface Mailbox {
  readonly id: number
  readonly ownerId: number
  lastSequence: number
}

const mostIdentities = 100_000
const mostMailboxes = 20_000
const mostDestinations = 10_000

/** What the operations of the one writer share: its connection, and what it knows of the tables. */
export class WriterContext extends Connection {
  readonly #identities = new IdCache<string, number>(mostIdentities)
  readonly #destinations = new IdCache<string, number>(mostDestinations)
  readonly #mailboxes = new IdCache<string, Mailbox>(mostMailboxes)
  /** Boxes whose last sequence is not written yet. */
  readonly #appendedTo = new Map<string, Mailbox>()
  /** Its first element is the id: writers of one process share it. */
  readonly #nextOutgoingId: Float64Array
  /** Whether an owner may have acknowledged something before it came; null: not looked up yet. */
  mayAwait: boolean | null = null
  /** How long was waited for the disk so far, in ms: at commits, in which it is written to and synced, and where room is made. */
  syncMs = 0
  /** Null: none. */
  readonly quotas: Quotas | null

  constructor(db: Db, quotas: Quotas | null = null, nextOutgoingId: Float64Array = new Float64Array(1)) {
    super(db)
    this.quotas = quotas
    this.#nextOutgoingId = nextOutgoingId
    if (nextOutgoingId[0] === 0) nextOutgoingId[0] = this.#lastOutgoingId() + 1
  }

  /** The integer that stands for a key; null when it was never seen. */
  findIdentity(key: IdentityKey): number | null {
    const known = this.#identities.get(key)
    if (known !== undefined) return known
    const row = this.sql<[number]>('SELECT id FROM identities WHERE key = ?').get(Buffer.from(key, 'hex'))
    if (row === undefined) return null
    this.#identities.set(key, row[0])
    return row[0]
  }

  identity(key: IdentityKey): number {
    const known = this.findIdentity(key)
    if (known !== null) return known
    const made = this.sql('INSERT INTO identities (key) VALUES (?)').run(Buffer.from(key, 'hex'))
    const id = Number(made.lastInsertRowid)
    this.#identities.set(key, id)
    return id
  }

  /** A box; null when nothing was ever in it. */
  findMailbox(owner: IdentityKey, box: BoxName): Mailbox | null {
    const key = `${owner} ${box}`
    const known = this.#appendedTo.get(key) ?? this.#mailboxes.get(key)
    if (known !== undefined) return known
    const ownerId = this.findIdentity(owner)
    if (ownerId === null) return null
    const row = this.sql<[number, number]>(
      'SELECT id, last_sequence FROM mailboxes WHERE owner_id = ? AND name = ?',
    ).get(ownerId, box)
    if (row === undefined) return null
    const mailbox = { id: row[0], ownerId, lastSequence: row[1] }
    this.#mailboxes.set(key, mailbox)
    return mailbox
  }

  /** A box with its next sequence taken. */
  takeSequence(owner: IdentityKey, box: BoxName): Mailbox {
    const mailbox = this.findMailbox(owner, box) ?? this.#addMailbox(owner, box)
    mailbox.lastSequence++
    this.#appendedTo.set(`${owner} ${box}`, mailbox)
    return mailbox
  }

  destination({ hostKey, origin }: Destination): number {
    const key = `${hostKey} ${origin}`
    const known = this.#destinations.get(key)
    if (known !== undefined) return known
    const hostBytes = Buffer.from(hostKey, 'hex')
    const row = this.sql<[number]>('SELECT id FROM destinations WHERE host_key = ? AND origin = ?').get(
      hostBytes,
      origin,
    )
    const id = row?.[0] ?? this.#addDestination(hostBytes, origin)
    this.#destinations.set(key, id)
    return id
  }

  /** An id that no message on its way out had since this process started, so that a late end meets nobody else's row. */
  takeOutgoingId(): number {
    const [id = 0] = this.#nextOutgoingId
    this.#nextOutgoingId[0] = id + 1
    return id
  }

  /** Writes what was kept back until the end of a transaction. */
  flush(): void {
    if (this.#appendedTo.size === 0) return
    const update = this.sql('UPDATE mailboxes SET last_sequence = ? WHERE id = ?')
    for (const [key, mailbox] of this.#appendedTo) {
      update.run(mailbox.lastSequence, mailbox.id)
      this.#mailboxes.set(key, mailbox)
    }
    this.#appendedTo.clear()
  }

  commit(): void {
    this.waitForDisk(() => this.sql('COMMIT').run())
  }

  /** Does what waits for the disk. */
  waitForDisk<T>(work: () => T): T {
    const startedMs = performance.now()
    try {
      return work()
    } finally {
      this.syncMs += performance.now() - startedMs
    }
  }

  /** Forgets what a transaction that was rolled back may have taught, or another writer changed. */
  reset(): void {
    this.mayAwait = null
    this.#identities.clear()
    this.#destinations.clear()
    this.#mailboxes.clear()
    this.#appendedTo.clear()
  }

  /** Walks never come back to the ids that they have passed. */
  #lastOutgoingId(): number {
    const sql = `SELECT max(id) FROM (SELECT max(id) AS id FROM outgoing
      UNION ALL SELECT position FROM walks WHERE name IN ('ages', 'delays'))`
    return this.sql<[number | null]>(sql).get()?.[0] ?? 0
  }

  #addMailbox(owner: IdentityKey, box: BoxName): Mailbox {
    const ownerId = this.identity(owner)
    const made = this.sql('INSERT INTO mailboxes (owner_id, name, last_sequence) VALUES (?, ?, 0)').run(ownerId, box)
    return { id: Number(made.lastInsertRowid), ownerId, lastSequence: 0 }
  }

  #addDestination(hostBytes: Buffer, origin: string): number {
    const insert = 'INSERT INTO destinations (host_key, origin, failures, next_attempt_at_ms) VALUES (?, ?, 0, 0)'
    return Number(this.sql(insert).run(hostBytes, origin).lastInsertRowid)
  }
}
