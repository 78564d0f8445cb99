import { mostAwaitedAcknowledgements, type MessageName } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { identityKey } from './memory-log.ts'

/** What was acknowledged before it came. */
export class MemoryAwaited {
  readonly #notedAtMs = new Map<string, { owner: IdentityKey; atMs: number }>()

  add(owner: IdentityKey, name: MessageName, nowMs: number): void {
    this.#notedAtMs.set(identityKey({ recipient: owner, ...name }), { owner, atMs: nowMs })
    const ofOwner = [...this.#notedAtMs].filter(([, noted]) => noted.owner === owner)
    if (ofOwner.length <= mostAwaitedAcknowledgements) return
    const [oldest] = ofOwner.toSorted(([, a], [, b]) => a.atMs - b.atMs)
    if (oldest !== undefined) this.#notedAtMs.delete(oldest[0])
  }

  has(message: MessageName & { recipient: IdentityKey }): boolean {
    return this.#notedAtMs.has(identityKey(message))
  }

  forget(beforeMs: number): void {
    for (const [key, { atMs }] of this.#notedAtMs) if (atMs < beforeMs) this.#notedAtMs.delete(key)
  }
}
