import type {
  Arrival,
  BoxAge,
  BoxAddress,
  Kept,
  MailboxStore,
  MessageName,
  MessagePage,
  PageLimits,
  Placement,
  Reception,
} from '@overpost/core'
import type { BoxName, IdentityKey } from '@overpost/protocol'
import { checkPlacements } from '../rules/check-placements.ts'
import { isKept } from '../rules/is-kept.ts'
import { readBoxPage, type DraftPage } from './box-page.ts'
import type { ReaderContext } from './reader-context.ts'
import type { Writer } from './writer/group-commit.ts'

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
      return { ...readBoxPage(this.#reader, mailboxId, address, limits), mailboxId }
    })
  }
}
