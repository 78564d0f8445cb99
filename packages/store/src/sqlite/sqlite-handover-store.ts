import type { HandoverPlace, HandoverState, HandoverStore, WaitingMessage } from '@overpost/core'
import type { BoxName, IdentityKey, MessageId, SignedHandover } from '@overpost/protocol'
import type { ReaderContext } from './reader-context.ts'
import { decodeContentType, decodeEnvelope, decodeRequest } from './row-codes.ts'
import type { Writer } from './writer/group-commit.ts'

type MoveRow = [Buffer, Buffer, Buffer, number, Buffer, number]
type MessageRow = [
  number,
  number,
  string,
  number,
  string,
  string | null,
  number,
  string,
  number,
  number | null,
  number | null,
  Buffer | null,
  Buffer | null,
]

const moveColumns = 'h.user_key, from_key, to_key, at_ms, h.signature, done'

/** Users who move away, in SQLite. */
export class SqliteHandoverStore implements HandoverStore {
  readonly #reader: ReaderContext
  readonly #writer: Writer
  readonly #revoked: (user: IdentityKey) => void

  /** `revoked` is told of each user whose authorization a move may have ended. */
  constructor(reader: ReaderContext, writer: Writer, revoked: (user: IdentityKey) => void) {
    this.#reader = reader
    this.#writer = writer
    this.#revoked = revoked
  }

  begin(handover: SignedHandover, nowMs: number): Promise<boolean> {
    const signature = Uint8Array.from(handover.signature)
    const begun = this.#writer.run('beginHandover', { handover: { ...handover, signature }, nowMs })
    return begun.finally(() => this.#revoked(handover.userKey))
  }

  find(user: IdentityKey): Promise<HandoverState | null> {
    const sql = `SELECT ${moveColumns} FROM handovers h WHERE h.user_key = ?`
    return this.#read(() => {
      const row = this.#reader.sql<MoveRow>(sql).get(Buffer.from(user, 'hex'))
      return row === undefined ? null : decodeMove(row)
    })
  }

  open(): Promise<SignedHandover[]> {
    const sql = `SELECT ${moveColumns} FROM handovers h JOIN authorizations a ON a.user_key = h.user_key
      WHERE done = 0 AND a.revoked_at_ms IS NOT NULL`
    return this.#read(() =>
      this.#reader
        .sql<MoveRow>(sql)
        .all()
        .map((row) => decodeMove(row).handover),
    )
  }

  page(
    user: IdentityKey,
    after: HandoverPlace | null,
    { limit, maxBytes }: { limit: number; maxBytes: number },
  ): Promise<WaitingMessage[]> {
    const sql = `SELECT m.mailbox_id, m.id & 0xffffffff, b.name, sender_id, message_id, listed_id, content_type, body, received_at_ms,
        origin_id, envelope_at_ms, envelope, request
      FROM messages m JOIN mailboxes b ON b.id = m.mailbox_id
      WHERE m.owner_id = ? AND outgoing_id IS NULL AND m.id > (? << 32 | ?) ORDER BY m.id LIMIT ?`
    return this.#read(() => {
      const page: WaitingMessage[] = []
      const ownerId = this.#reader.findId(user)
      if (ownerId === null) return page
      let bytes = 0
      const { mailbox, sequence } = after ?? { mailbox: 0, sequence: 0 }
      for (const row of this.#reader.sql<MessageRow>(sql).iterate(ownerId, mailbox, sequence, limit)) {
        const entry = this.#decode(user, row)
        bytes += Buffer.byteLength(entry.message.body)
        if (page.length > 0 && bytes > maxBytes) break
        page.push(entry)
      }
      return page
    })
  }

  waiting(user: IdentityKey): Promise<number> {
    const sql = 'SELECT count(*) FROM messages WHERE owner_id = ? AND outgoing_id IS NULL'
    return this.#read(() => {
      const ownerId = this.#reader.findId(user)
      return ownerId === null ? 0 : (this.#reader.sql<[number]>(sql).get(ownerId)?.[0] ?? 0)
    })
  }

  removeMoved(places: readonly HandoverPlace[], to: IdentityKey, nowMs: number): Promise<number> {
    return this.#writer.run('removeMoved', { places, to, nowMs })
  }

  async finish({ userKey, atMs }: SignedHandover): Promise<void> {
    await this.#writer.run('finishHandover', { userKey, atMs })
  }

  #decode(recipient: IdentityKey, row: MessageRow): WaitingMessage {
    const [mailbox, sequence, box, senderId, messageId, listedId, contentType, body, receivedAtMs, ...rest] = row
    const [originId, envelopeAtMs, envelope, request] = rest
    const message = {
      ...{ recipient, box: box as BoxName, sender: this.#reader.key(senderId), messageId: messageId as MessageId },
      ...{ contentType: decodeContentType(contentType), body, envelope: decodeEnvelope(envelopeAtMs, envelope) },
      ...{ request: decodeRequest(request), sequence, listedId: listedId ?? messageId, receivedAtMs },
      originHost: originId === null ? null : this.#reader.key(originId),
      acknowledgedElsewhere: false, // a mark is the old host's alone
    }
    return { place: { mailbox, sequence }, message }
  }

  #read<T>(work: () => T): Promise<T> {
    return new Promise((resolve) => resolve(this.#reader.read(work)))
  }
}

function decodeMove([userKey, from, to, atMs, signature, done]: MoveRow): HandoverState {
  const keyOf = (bytes: Buffer) => bytes.toString('hex') as IdentityKey
  const handover = { userKey: keyOf(userKey), from: keyOf(from), to: keyOf(to), atMs }
  return { handover: { ...handover, signature: Uint8Array.from(signature) }, isDone: done === 1 }
}
