import { randomBytes } from 'node:crypto'
import type { Db } from '../database.ts'

/**
 * A backup that is opened to be used begins a log of its own: readers' cursors start anew, so that nobody skips mail in
 * silence, and sessions end, since what was played since is not in its replay window.
 * Every host that this store ever sent to is to hear of it, and sends again what it delivered here lately.
 */
export function beginAgain(db: Db, nowMs: number): void {
  db.transaction(() => {
    const [backupAtMs] = db.prepare('SELECT backup_at_ms FROM store').raw().get() as [number | null]
    if (backupAtMs === null) return
    db.prepare('UPDATE store SET incarnation = ?, restored_to_ms = backup_at_ms, backup_at_ms = NULL').run(
      randomBytes(16).toString('hex'),
    )
    db.exec('DELETE FROM session_state')
    db.prepare(
      'INSERT OR REPLACE INTO log_news (destination_id, since_ms, due_at_ms, attempts) SELECT id, ?, ?, 0 FROM destinations',
    ).run(nowMs, nowMs)
  }).immediate()
}
