import type { AcknowledgementStore, MessageName, Passage } from '@overpost/core'
import type { IdentityKey, SyncAcknowledgements } from '@overpost/protocol'
import type { MemoryAwaited } from './memory-awaited.ts'
import type { MemoryLog } from './memory-log.ts'
import type { MemoryMailboxStore } from './memory-mailbox-store.ts'

/** What travels of acknowledgements, gone with the process. */
export class MemoryAcknowledgementStore implements AcknowledgementStore {
  readonly #log: MemoryLog
  readonly #mailboxes: Pick<MemoryMailboxStore, 'acknowledgeByName'>
  readonly #awaited: MemoryAwaited
  #passages: (Passage & { dueAtMs: number })[] = []
  #lastId = 0

  constructor(log: MemoryLog, mailboxes: Pick<MemoryMailboxStore, 'acknowledgeByName'>, awaited: MemoryAwaited) {
    this.#log = log
    this.#mailboxes = mailboxes
    this.#awaited = awaited
  }

  async acknowledgeElsewhere(owner: IdentityKey, names: readonly MessageName[], nowMs: number): Promise<number> {
    for (const name of names) if (this.#log.findNamed(owner, name) === null) this.#awaited.add(owner, name, nowMs)
    return this.#mailboxes.acknowledgeByName(owner, names)
  }

  markElsewhere(owner: IdentityKey, names: readonly MessageName[]): Promise<number> {
    const here = names.flatMap((name) => this.#log.findNamed(owner, name) ?? [])
    for (const kept of here) kept.stored = { ...kept.stored, acknowledgedElsewhere: true }
    return Promise.resolve(here.length)
  }

  putPassage(sync: SyncAcknowledgements, nowMs: number): Promise<void> {
    this.#lastId += 1
    this.#passages.push({ id: this.#lastId, sync, notedAtMs: nowMs, dueAtMs: nowMs, done: [], attempts: 0 })
    return Promise.resolve()
  }

  duePassages({ nowMs, longestWaitMs, limit }: Parameters<AcknowledgementStore['duePassages']>[0]): Promise<Passage[]> {
    const due = this.#passages
      .filter(({ dueAtMs }) => dueAtMs <= nowMs || dueAtMs > nowMs + longestWaitMs)
      .toSorted((a, b) => a.dueAtMs - b.dueAtMs)
    return Promise.resolve(due.slice(0, limit).map(({ dueAtMs: _, ...passage }) => passage))
  }

  wakePassages(ids: readonly number[], nowMs: number): Promise<void> {
    for (const passage of this.#passages) {
      if (ids.includes(passage.id)) passage.dueAtMs = Math.min(passage.dueAtMs, nowMs)
    }
    return Promise.resolve()
  }

  nextPassageAtMs(): Promise<number | null> {
    const next = Math.min(...this.#passages.map(({ dueAtMs }) => dueAtMs))
    return Promise.resolve(Number.isFinite(next) ? next : null)
  }

  finishPassage(id: number, next: Parameters<AcknowledgementStore['finishPassage']>[1]): Promise<void> {
    this.#passages = this.#passages.flatMap((passage) => {
      if (passage.id !== id) return [passage]
      if (next === null) return []
      return [{ ...passage, dueAtMs: next.atMs, done: next.done, attempts: passage.attempts + 1 }]
    })
    return Promise.resolve()
  }
}
