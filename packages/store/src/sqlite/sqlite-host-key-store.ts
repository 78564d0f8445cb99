import type { HostKeyStore, RememberedHostKey } from '@overpost/core'
import type { HostOrigin, IdentityKey } from '@overpost/protocol'
import type { ReaderContext } from './reader-context.ts'
import type { Writer } from './writer/group-commit.ts'

type Row = [origin: string, hostKey: Buffer, offeredKey: Buffer | null]

/** The keys of hosts, in SQLite. */
export class SqliteHostKeyStore implements HostKeyStore {
  readonly #reader: ReaderContext
  readonly #writer: Writer

  constructor(reader: ReaderContext, writer: Writer) {
    this.#reader = reader
    this.#writer = writer
  }

  find(origin: HostOrigin): Promise<RememberedHostKey | null> {
    const sql = 'SELECT origin, host_key, offered_key FROM host_keys WHERE origin = ?'
    return this.#read(() => {
      const row = this.#reader.sql<Row>(sql).get(origin)
      return row === undefined ? null : fromRow(row)
    })
  }

  note(origin: HostOrigin, shown: IdentityKey, nowMs: number): Promise<'remembered' | 'same' | 'changed'> {
    return this.#writer.run('noteHostKey', { origin, shown, nowMs })
  }

  accept(origin: HostOrigin, offered: IdentityKey, nowMs: number): Promise<boolean> {
    return this.#writer.run('acceptHostKey', { origin, offered, nowMs })
  }

  changed(afterOrigin: HostOrigin | null, limit: number): Promise<RememberedHostKey[]> {
    const sql = `SELECT origin, host_key, offered_key FROM host_keys
      WHERE offered_key IS NOT NULL AND origin > ? ORDER BY origin LIMIT ?`
    return this.#read(() =>
      this.#reader
        .sql<Row>(sql)
        .all(afterOrigin ?? '', limit)
        .map(fromRow),
    )
  }

  #read<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => resolve(this.#reader.read(work)))
  }
}

function fromRow([origin, hostKey, offeredKey]: Row): RememberedHostKey {
  const key = (bytes: Buffer) => bytes.toString('hex') as IdentityKey
  return {
    origin: origin as HostOrigin,
    hostKey: key(hostKey),
    offeredKey: offeredKey === null ? null : key(offeredKey),
  }
}
