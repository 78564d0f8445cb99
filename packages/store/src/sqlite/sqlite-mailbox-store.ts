import type {
  Arrival,
  BoxAge,
  BoxAddress,
  Kept,
  MailboxStore,
  MessageName,
  MessagePage,
  Placement,
  Reception,
  StoredMessage,
} from '@overpost/core'
import type { BoxName, IdentityKey, MessageId } from '@overpost/protocol'
import { checkPlacements } from '../rules/check-placements.ts'
import { isKept } from '../rules/is-kept.ts'
import type { ReaderContext } from './reader-context.ts'
import { decodeContentType, decodeEnvelope, decodeRequest } from './row-codes.ts'
import type { Writer } from './writer/group-commit.ts'

type PageLimits = Parameters<MailboxStore['list']>[1]
type Columns = [
  number,
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
  number,
  number,
]

/** What a page shows, and which of it are guests' copies that were not shown before. */
interface DraftPage extends MessagePage {
  readonly unlisted: readonly number[]
}

/** Mailboxes in SQLite: written by the one writer, read here. */
export class SqliteMailboxStore implements MailboxStore {
  readonly incarnation: string
  readonly #reader: ReaderContext
  readonly #writer: Writer
  readonly #noteAccepted: (placement: Placement) => void
  readonly #nowMs: () => number

  constructor(
    reader: ReaderContext,
    writer: Writer,
    deps: { readonly noteAccepted: (placement: Placement) => void; readonly nowMs: () => number },
  ) {
    this.#reader = reader
    this.#writer = writer
    this.#noteAccepted = deps.noteAccepted
    this.#nowMs = deps.nowMs
    const row = reader.sql<[string]>('SELECT incarnation FROM store').get()
    if (row === undefined) throw new Error('the database does not say which one it is')
    this.incarnation = row[0]
  }

  async accept(placements: readonly Placement[]): Promise<Kept[]> {
    checkPlacements(placements)
    const kept = await this.#writer.run('acceptPlacements', placements)
    if (!kept.every(({ outcome }) => isKept(outcome))) return kept
    for (const [index, placement] of placements.entries()) {
      if (kept[index]?.outcome === 'stored') this.#noteAccepted(placement)
    }
    return kept
  }

  receive(arrivals: readonly Arrival[]): Promise<Reception[]> {
    return this.#writer.run('receiveArrivals', arrivals)
  }

  async list(address: BoxAddress, limits: PageLimits): Promise<MessagePage> {
    for (;;) {
      const { messages, more, unlisted, mailboxId } = this.#read(address, limits)
      if (unlisted.length === 0) return { messages, more }
      // Decided by the writer: a copy that it was just asked to move away is not shown, and one that is shown stays.
      const kept = await this.#writer.run('markListed', { mailboxId, sequences: unlisted })
      if (kept.length === unlisted.length) return { messages, more }
    }
  }

  lastSequence(address: BoxAddress): Promise<number> {
    return new Promise((resolve) => {
      const row = this.#reader.read(() => {
        const mailboxId = this.#reader.findMailboxId(address)
        if (mailboxId === null) return undefined
        return this.#reader.sql<[number]>('SELECT last_sequence FROM mailboxes WHERE id = ?').get(mailboxId)
      })
      resolve(row?.[0] ?? 0)
    })
  }

  acknowledge(owner: IdentityKey, listedIds: readonly string[]): Promise<number> {
    return this.#writer.run('acknowledgeMessages', { owner, listedIds, names: [], nowMs: this.#nowMs() })
  }

  acknowledgeByName(owner: IdentityKey, names: readonly MessageName[]): Promise<number> {
    return this.#writer.run('acknowledgeMessages', { owner, listedIds: [], names, nowMs: this.#nowMs() })
  }

  async boxes(after: number, limit: number): Promise<BoxAge[]> {
    const rows = this.#reader.read(() =>
      this.#reader
        .sql<[number, string, number | null]>(
          `SELECT id, name, (SELECT received_at_ms FROM messages m
             WHERE m.id > b.id << 32 AND m.id < (b.id + 1) << 32 ORDER BY m.id LIMIT 1)
           FROM mailboxes b WHERE id > ? ORDER BY id LIMIT ?`,
        )
        .all(after, limit),
    )
    return Promise.resolve(rows.map(([id, name, oldestMs]) => ({ id, box: name as BoxName, oldestMs })))
  }

  prune(boxId: number, beforeMs: number, most: number): Promise<number> {
    return this.#writer.run('pruneBox', { mailboxId: boxId, beforeMs, most })
  }

  forget(beforeMs: number): Promise<boolean> {
    return this.#writer.run('forgetMemories', beforeMs)
  }

  #read(address: BoxAddress, limits: PageLimits): DraftPage & { mailboxId: number } {
    return this.#reader.read(() => {
      const mailboxId = this.#reader.findMailboxId(address)
      if (mailboxId === null) return { messages: [], more: false, unlisted: [], mailboxId: 0 }
      return { ...this.#page(mailboxId, address, limits), mailboxId }
    })
  }

  #page(mailboxId: number, address: BoxAddress, { after, limit, maxBytes }: PageLimits): DraftPage {
    const messages: StoredMessage[] = []
    const unlisted: number[] = []
    let bytes = 0
    const rows = this.#reader
      .sql<Columns>(
        `SELECT id & 0xffffffff, sender_id, message_id, listed_id, content_type, body, received_at_ms, origin_id,
           envelope_at_ms, envelope, request, outgoing_id IS NOT NULL AND stays = 0, elsewhere
         FROM messages WHERE id > (? << 32 | ?) AND id < (? + 1) << 32 ORDER BY id LIMIT ?`,
      )
      .iterate(mailboxId, Math.min(after, 0xffff_ffff), mailboxId, limit + 1)
    for (const row of rows) {
      const [sequence, senderId, messageId, listedId, contentType, body, receivedAtMs, originId, ...rest] = row
      bytes += Buffer.byteLength(body)
      if (messages.length >= limit || (messages.length > 0 && bytes > maxBytes))
        return { messages, more: true, unlisted }
      const [envelopeAtMs, envelope, request, isUnlisted, isElsewhere] = rest
      if (isUnlisted === 1) unlisted.push(sequence)
      messages.push({
        recipient: address.owner,
        box: address.box,
        sender: this.#reader.key(senderId),
        messageId: messageId as MessageId,
        contentType: decodeContentType(contentType),
        body,
        envelope: decodeEnvelope(envelopeAtMs, envelope),
        request: decodeRequest(request),
        sequence,
        listedId: listedId ?? messageId,
        receivedAtMs,
        originHost: originId === null ? null : this.#reader.key(originId),
        acknowledgedElsewhere: isElsewhere === 1,
      })
    }
    return { messages, more: false, unlisted }
  }
}
