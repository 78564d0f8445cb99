import type { OperatorRule, RuleOf, RuleStore } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import type { ReaderContext } from './reader-context.ts'
import type { Writer } from './writer/group-commit.ts'

type Columns = [OperatorRule['subject'], Buffer, OperatorRule['verdict'], string, number]

/** An operator's rules in SQLite: few, and read once at the start. */
export class SqliteRuleStore implements RuleStore {
  readonly #reader: ReaderContext
  readonly #writer: Writer

  constructor(reader: ReaderContext, writer: Writer) {
    this.#reader = reader
    this.#writer = writer
  }

  async all(): Promise<OperatorRule[]> {
    const sql = 'SELECT subject, key, verdict, note, set_at_ms FROM operator_rules'
    const rows = this.#reader.read(() => this.#reader.sql<Columns>(sql).all())
    return Promise.resolve(
      rows.map(([subject, key, verdict, note, setAtMs]) => {
        return { subject, key: key.toString('hex') as IdentityKey, verdict, note, setAtMs }
      }),
    )
  }

  async put(rule: OperatorRule): Promise<void> {
    await this.#writer.run('setOperatorRule', { of: rule, rule })
  }

  async remove(of: RuleOf): Promise<void> {
    await this.#writer.run('setOperatorRule', { of, rule: null })
  }
}
