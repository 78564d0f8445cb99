import type { StoredWithdrawal } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import type { Connection } from '../database.ts'

type WithdrawalRow = [Buffer, IdentityKey | 'ALL', number, Buffer, string | null]

const columns = 'user_key, host_key, at_ms, signature, txid'

/** The withdrawals of one user. */
export function withdrawalsOf(connection: Connection, user: IdentityKey): StoredWithdrawal[] {
  const sql = `SELECT ${columns} FROM withdrawals WHERE user_key = ?`
  return connection.sql<WithdrawalRow>(sql).all(Buffer.from(user, 'hex')).map(decode)
}

/** Those after one, in order of user and host. */
export function withdrawalsAfter(
  connection: Connection,
  after: { userKey: string; hostKey: string },
  limit: number,
): StoredWithdrawal[] {
  const sql = `SELECT ${columns} FROM withdrawals WHERE (user_key, host_key) > (?, ?) ORDER BY user_key, host_key LIMIT ?`
  return connection.sql<WithdrawalRow>(sql).all(Buffer.from(after.userKey, 'hex'), after.hostKey, limit).map(decode)
}

function decode([userKey, hostKey, atMs, signature, txid]: WithdrawalRow): StoredWithdrawal {
  const withdrawal = {
    userKey: userKey.toString('hex') as IdentityKey,
    hostKey,
    atMs,
    signature: Uint8Array.from(signature),
  }
  return { withdrawal, txid }
}
