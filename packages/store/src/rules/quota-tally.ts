import type { Message, Placement, Quota, Quotas } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import { wireBytes } from './wire-bytes.ts'

/** What waits of somebody before a send. */
export interface UsageReader {
  readonly mailbox: (owner: IdentityKey) => Quota
  readonly sender: (sender: IdentityKey) => Quota
}

/** What of one send fits, message after message: what was let through counts for what comes after it. */
export class QuotaTally {
  readonly #quotas: Quotas | null
  readonly #read: UsageReader
  readonly #counted = new Map<string, Quota>()

  constructor(quotas: Quotas | null, read: UsageReader) {
    this.#quotas = quotas
    this.#read = read
  }

  place(placement: Placement): 'stored' | 'mailbox full' | 'sender full' {
    if (this.#quotas === null) return 'stored'
    const { message, here, forwardings } = placement
    if (here !== 'none' && !this.#take('mailbox', message.recipient, Buffer.byteLength(message.body)))
      return 'mailbox full'
    // What is at home here, and only seeks other homes, counts for its sender once it has found one.
    const isOnItsWay = here === 'guest' || forwardings.length > 0
    if (isOnItsWay && !this.#take('sender', message.sender, wireBytes(message))) return 'sender full'
    return 'stored'
  }

  /** Of what another host hands in. */
  receive(message: Message): 'stored' | 'mailbox full' {
    if (this.#quotas === null) return 'stored'
    return this.#take('mailbox', message.recipient, Buffer.byteLength(message.body)) ? 'stored' : 'mailbox full'
  }

  #take(kind: 'mailbox' | 'sender', who: IdentityKey, bytes: number): boolean {
    const name = `${kind} ${who}`
    const before = this.#counted.get(name) ?? this.#read[kind](who)
    const after = { messages: before.messages + 1, bytes: before.bytes + bytes }
    const quota = this.#quotas?.[kind]
    if (quota !== undefined && (after.messages > quota.messages || after.bytes > quota.bytes)) return false
    this.#counted.set(name, after)
    return true
  }
}
