import {
  BoundedMap,
  type AuthorizationStore,
  type StandingAuthorization,
  type StoredAuthorization,
} from '@overpost/core'
import type { IdentityKey, RoutingAuthorization } from '@overpost/protocol'
import { authorizationColumns, decodeAuthorization, type AuthorizationRow } from './authorization-row.ts'
import type { ReaderContext } from './reader-context.ts'
import type { Writer } from './writer/group-commit.ts'

const mostKnown = 50_000

/** Authorizations in SQLite. Each message asks for its recipient's, so what was read is remembered until it is written. */
export class SqliteAuthorizationStore implements AuthorizationStore {
  readonly #reader: ReaderContext
  readonly #writer: Writer
  readonly #known = new BoundedMap<IdentityKey, StoredAuthorization | null>(mostKnown)

  constructor(reader: ReaderContext, writer: Writer) {
    this.#reader = reader
    this.#writer = writer
  }

  put(authorization: RoutingAuthorization, nowMs: number): Promise<'stored' | 'unchanged' | 'older'> {
    // A signature may be a view of a larger buffer, all of which would be cloned.
    const signature = Uint8Array.from(authorization.signature)
    const put = this.#writer.run('putAuthorization', { authorization: { ...authorization, signature }, nowMs })
    return put.finally(() => this.#known.delete(authorization.userKey))
  }

  find(user: IdentityKey): Promise<StoredAuthorization | null> {
    const known = this.#known.get(user)
    if (known !== undefined) return Promise.resolve(known)
    return new Promise((resolve) => {
      const found = this.#reader.read(() => this.#find(user))
      this.#known.set(user, found)
      resolve(found)
    })
  }

  revoke(user: IdentityKey, nowMs: number): Promise<boolean> {
    return this.#writer.run('revokeAuthorization', { user, nowMs }).finally(() => this.#known.delete(user))
  }

  page(afterUser: IdentityKey | null, limit: number): Promise<StandingAuthorization[]> {
    const after = Buffer.from(afterUser ?? '', 'hex')
    const sql = `SELECT ${authorizationColumns}, stored_at_ms FROM authorizations
       WHERE user_key > ? AND revoked_at_ms IS NULL ORDER BY user_key LIMIT ?`
    return new Promise((resolve) => {
      const rows = this.#reader.read(() => this.#reader.sql<[...AuthorizationRow, number]>(sql).all(after, limit))
      resolve(
        rows.map(([...row]) => {
          const storedAtMs = row.pop() as number
          return { authorization: decodeAuthorization(row as unknown as AuthorizationRow).authorization, storedAtMs }
        }),
      )
    })
  }

  /** Reads a user's anew next time: something else wrote it. */
  forget(user: IdentityKey): void {
    this.#known.delete(user)
  }

  #find(user: IdentityKey): StoredAuthorization | null {
    const sql = `SELECT ${authorizationColumns} FROM authorizations WHERE user_key = ?`
    const row = this.#reader.sql<AuthorizationRow>(sql).get(Buffer.from(user, 'hex'))
    return row === undefined ? null : decodeAuthorization(row)
  }
}
