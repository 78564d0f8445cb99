import { join } from 'node:path'
import Database from 'better-sqlite3'

export const databaseName = 'floor.sqlite'

/** A database that survives a power cut: the settings of the store of Overpost (design section 6). */
export function openDatabase(dir: string): Database.Database {
  const database = new Database(join(dir, databaseName))
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  return database
}

export interface FloorMessage {
  readonly sender: string
  /** The sender's signature over SHA-256 of `body`, 64 bytes in hexadecimal. */
  readonly signature: string
  /** The request's body as it came: `{"message":{recipient,messageBox,messageId,body}}`. */
  readonly body: string
}

/** Keeps a message for its recipient, once. */
export function mailboxTable(database: Database.Database): (message: FloorMessage) => void {
  database.exec(`CREATE TABLE IF NOT EXISTS messages (
    id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, box TEXT NOT NULL, sender TEXT NOT NULL, message_id TEXT NOT NULL,
    body TEXT NOT NULL, received_at_ms INTEGER NOT NULL, UNIQUE (recipient, box, sender, message_id))`)
  const insert = database.prepare(`INSERT INTO messages (recipient, box, sender, message_id, body, received_at_ms)
    VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`)
  return ({ sender, body }) => {
    const { message } = JSON.parse(body) as {
      message: Record<'recipient' | 'messageBox' | 'messageId' | 'body', string>
    }
    insert.run(message.recipient, message.messageBox, sender, message.messageId, message.body, Date.now())
  }
}

export interface OutboxTable {
  /** The row's id. */
  add(message: FloorMessage): number
  remove(id: number): void
}

/** What another process has not taken yet. */
export function outboxTable(database: Database.Database): OutboxTable {
  database.exec(`CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY, sender TEXT NOT NULL, signature TEXT NOT NULL, body TEXT NOT NULL)`)
  const insert = database.prepare('INSERT INTO outbox (sender, signature, body) VALUES (?, ?, ?)')
  const remove = database.prepare('DELETE FROM outbox WHERE id = ?')
  return {
    add: ({ sender, signature, body }) => Number(insert.run(sender, signature, body).lastInsertRowid),
    remove: (id) => void remove.run(id),
  }
}

/** Finds a message by its id among the last few. */
export const lastMessageQuery =
  'SELECT 1 FROM (SELECT message_id FROM messages ORDER BY id DESC LIMIT 10) WHERE message_id = ?'
