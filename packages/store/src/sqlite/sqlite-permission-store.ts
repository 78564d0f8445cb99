import type { DeliveryRule, PermissionStore, RuleName } from '@overpost/core'
import type { BoxName, IdentityKey } from '@overpost/protocol'
import type { ReaderContext } from './reader-context.ts'
import type { Writer } from './writer/group-commit.ts'

type RuleRow = [box: string, sender: Buffer, feeSatoshis: number, createdAtMs: number, updatedAtMs: number]

const columns = 'box, sender_key, fee_satoshis, created_at_ms, updated_at_ms'

/** What owners decided about their senders, in SQLite. The rule of a whole box has an empty sender, so that there is one. */
export class SqlitePermissionStore implements PermissionStore {
  readonly #reader: ReaderContext
  readonly #writer: Writer

  constructor(reader: ReaderContext, writer: Writer) {
    this.#reader = reader
    this.#writer = writer
  }

  hasRules(owner: IdentityKey): Promise<boolean> {
    const sql = 'SELECT 1 FROM delivery_rules WHERE owner_key = ? LIMIT 1'
    return this.#read(() => this.#reader.sql<[number]>(sql).get(Buffer.from(owner, 'hex')) !== undefined)
  }

  find(owner: IdentityKey, { box, sender }: RuleName): Promise<DeliveryRule | null> {
    const sql = `SELECT ${columns} FROM delivery_rules WHERE owner_key = ? AND box = ? AND sender_key = ?`
    return this.#read(() => {
      const row = this.#reader.sql<RuleRow>(sql).get(Buffer.from(owner, 'hex'), box, Buffer.from(sender ?? '', 'hex'))
      return row === undefined ? null : decode(row)
    })
  }

  put(
    owner: IdentityKey,
    { box, sender, feeSatoshis }: RuleName & { feeSatoshis: number | null },
    { nowMs, most }: { nowMs: number; most: number },
  ): Promise<'stored' | 'full'> {
    return this.#writer.run('putDeliveryRule', { owner, box, sender, feeSatoshis, nowMs, most })
  }

  list(
    owner: IdentityKey,
    { box, limit, offset }: { box: BoxName | null; limit: number; offset: number },
  ): Promise<{ rules: DeliveryRule[]; total: number }> {
    const where = `FROM delivery_rules WHERE owner_key = ?${box === null ? '' : ' AND box = ?'}`
    const named = [Buffer.from(owner, 'hex'), ...(box === null ? [] : [box])]
    return this.#read(() => {
      const rows = this.#reader
        .sql<RuleRow>(`SELECT ${columns} ${where} ORDER BY box, sender_key LIMIT ? OFFSET ?`)
        .all(...named, limit, offset)
      const [total = 0] = this.#reader.sql<[number]>(`SELECT count(*) ${where}`).get(...named) ?? []
      return { rules: rows.map(decode), total }
    })
  }

  #read<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => resolve(this.#reader.read(work)))
  }
}

function decode([box, sender, feeSatoshis, createdAtMs, updatedAtMs]: RuleRow): DeliveryRule {
  const key = sender.length === 0 ? null : (sender.toString('hex') as IdentityKey)
  return { box: box as BoxName, sender: key, feeSatoshis, createdAtMs, updatedAtMs }
}
