import type { HostOrigin, IdentityKey } from '@overpost/protocol'
import { attempt } from '../outbox/attempt.ts'
import type { ResendRows } from '../outbox/resend-rows.ts'
import type { ReaderContext } from './reader-context.ts'
import type { Writer } from './writer/group-commit.ts'

/** What goes again to other hosts, and who is to hear that this log began anew, in SQLite. */
export function sqliteResendRows(reader: ReaderContext, writer: Writer): ResendRows {
  return {
    noteLog: (hostKey, log, by) => writer.run('noteHostLog', { hostKey, log, ...by }),
    resendSome: (nowMs) => writer.run('resendDelivered', { nowMs }),
    finishNews: (id, atMs) => writer.run('finishLogNews', { id, atMs }),

    dueNews: (nowMs, limit) =>
      attempt(() =>
        reader.read(() =>
          reader
            .sql<[number, Buffer, string, number, number]>(
              `SELECT d.id, host_key, origin, since_ms, attempts FROM log_news JOIN destinations d ON d.id = destination_id
               WHERE due_at_ms <= ? ORDER BY due_at_ms LIMIT ?`,
            )
            .all(nowMs, limit)
            .map(([id, hostKey, origin, sinceMs, attempts]) => ({
              id,
              destination: { hostKey: hostKey.toString('hex') as IdentityKey, origin: origin as HostOrigin },
              ...{ sinceMs, attempts },
            })),
        ),
      ),

    nextNewsAtMs: () =>
      attempt(() =>
        reader.read(() => reader.sql<[number | null]>('SELECT min(due_at_ms) FROM log_news').get()?.[0] ?? null),
      ),
  }
}
