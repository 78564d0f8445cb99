import type { AuthorizationStore, StoredAuthorization } from '@overpost/core'
import type { IdentityKey, RoutingAuthorization } from '@overpost/protocol'
import { authorizationColumns, decodeAuthorization, type AuthorizationRow } from './authorization-row.ts'
import type { ReaderContext } from './reader-context.ts'
import type { Writer } from './writer/group-commit.ts'

/** Authorizations in SQLite. */
export class SqliteAuthorizationStore implements AuthorizationStore {
  readonly #reader: ReaderContext
  readonly #writer: Writer

  constructor(reader: ReaderContext, writer: Writer) {
    this.#reader = reader
    this.#writer = writer
  }

  put(authorization: RoutingAuthorization, nowMs: number): Promise<'stored' | 'unchanged' | 'older'> {
    // A signature may be a view of a larger buffer, all of which would be cloned.
    const signature = Uint8Array.from(authorization.signature)
    return this.#writer.run('putAuthorization', { authorization: { ...authorization, signature }, nowMs })
  }

  find(user: IdentityKey): Promise<StoredAuthorization | null> {
    return new Promise((resolve) => resolve(this.#reader.read(() => this.#find(user))))
  }

  revoke(user: IdentityKey, nowMs: number): Promise<boolean> {
    return this.#writer.run('revokeAuthorization', { user, nowMs })
  }

  page(afterUser: IdentityKey | null, limit: number): Promise<RoutingAuthorization[]> {
    const after = Buffer.from(afterUser ?? '', 'hex')
    const sql = `SELECT ${authorizationColumns} FROM authorizations
       WHERE user_key > ? AND revoked_at_ms IS NULL ORDER BY user_key LIMIT ?`
    return new Promise((resolve) => {
      const rows = this.#reader.read(() => this.#reader.sql<AuthorizationRow>(sql).all(after, limit))
      resolve(rows.map((row) => decodeAuthorization(row).authorization))
    })
  }

  #find(user: IdentityKey): StoredAuthorization | null {
    const sql = `SELECT ${authorizationColumns} FROM authorizations WHERE user_key = ?`
    const row = this.#reader.sql<AuthorizationRow>(sql).get(Buffer.from(user, 'hex'))
    return row === undefined ? null : decodeAuthorization(row)
  }
}
