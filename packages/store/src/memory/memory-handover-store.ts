import type { HandoverPlace, HandoverState, HandoverStore, WaitingMessage } from '@overpost/core'
import type { IdentityKey, SignedHandover } from '@overpost/protocol'
import type { MemoryAuthorizationStore } from './memory-authorization-store.ts'
import type { MemoryLog } from './memory-log.ts'

/** The moves of one process, gone with it. */
export class MemoryHandoverStore implements HandoverStore {
  readonly #moves = new Map<IdentityKey, HandoverState>()
  readonly #log: MemoryLog
  readonly #authorizations: MemoryAuthorizationStore

  constructor(log: MemoryLog, authorizations: MemoryAuthorizationStore) {
    this.#log = log
    this.#authorizations = authorizations
  }

  async begin(handover: SignedHandover, nowMs: number): Promise<boolean> {
    if ((await this.#authorizations.find(handover.userKey)) === null) return false
    const known = this.#moves.get(handover.userKey)
    if (known !== undefined && known.handover.atMs >= handover.atMs) return true
    await this.#authorizations.revoke(handover.userKey, nowMs)
    this.#moves.set(handover.userKey, { handover, isDone: false })
    return true
  }

  find(user: IdentityKey): Promise<HandoverState | null> {
    return Promise.resolve(this.#moves.get(user) ?? null)
  }

  async open(): Promise<SignedHandover[]> {
    const open: SignedHandover[] = []
    for (const { handover, isDone } of this.#moves.values()) {
      const isAway = (await this.#authorizations.find(handover.userKey))?.revokedAtMs !== null
      if (!isDone && isAway) open.push(handover)
    }
    return open
  }

  page(
    user: IdentityKey,
    after: HandoverPlace | null,
    { limit, maxBytes }: { limit: number; maxBytes: number },
  ): Promise<WaitingMessage[]> {
    const page: WaitingMessage[] = []
    let bytes = 0
    for (const { place, message } of this.#all(user)) {
      const isLater =
        after === null ||
        place.mailbox > after.mailbox ||
        (place.mailbox === after.mailbox && place.sequence > after.sequence)
      if (!isLater) continue
      bytes += Buffer.byteLength(message.body)
      if (page.length >= limit || (page.length > 0 && bytes > maxBytes)) break
      page.push({ place, message })
    }
    return Promise.resolve(page)
  }

  waiting(user: IdentityKey): Promise<number> {
    return Promise.resolve(this.#all(user).length)
  }

  removeMoved(places: readonly HandoverPlace[], to: IdentityKey, nowMs: number): Promise<number> {
    const boxes = this.#log.boxes()
    const here = places.flatMap(({ mailbox, sequence }) =>
      (boxes[mailbox]?.messages ?? []).filter(({ stored }) => stored.sequence === sequence),
    )
    for (const kept of here) this.#log.move(kept, to, nowMs)
    return Promise.resolve(here.length)
  }

  finish(handover: SignedHandover): Promise<void> {
    const known = this.#moves.get(handover.userKey)
    if (known?.handover.atMs === handover.atMs) this.#moves.set(handover.userKey, { handover, isDone: true })
    return Promise.resolve()
  }

  #all(user: IdentityKey): WaitingMessage[] {
    return this.#log
      .boxes()
      .flatMap(({ messages }, mailbox) =>
        messages
          .filter(({ stored, outgoing }) => stored.recipient === user && outgoing === null)
          .map(({ stored }) => ({ place: { mailbox, sequence: stored.sequence }, message: stored })),
      )
  }
}
