import type { BoxAddress, Message, Quota, Removal, StoredMessage } from '@overpost/core'
import type { BoxName, IdentityKey, MessageId } from '@overpost/protocol'
import { listedIdFor } from '../rules/listed-id.ts'
import type { OutgoingMessage } from './memory-outgoing.ts'

/** A message in a box. `outgoing`: it is a guest, and looks for its home. `stays`: it was listed, or its home is here too. */
export interface KeptMessage {
  /** Its box, and its place there. */
  readonly id: number
  stored: StoredMessage
  outgoing: OutgoingMessage | null
  stays: boolean
  /** It was acknowledged, or moved away. */
  isGone: boolean
}

interface Box {
  readonly id: number
  readonly box: BoxName
  lastSequence: number
  /** Up to here retention has come, and moves that are forgotten. */
  prunedTo: number
  messages: KeptMessage[]
}

/** Of one box. */
const sequences = 2 ** 32

export type Identity = Pick<Message, 'recipient' | 'box' | 'sender' | 'messageId'>

/** The logs of all boxes, in memory. */
export class MemoryLog {
  readonly #boxes = new Map<string, Box>()
  readonly #byIdentity = new Map<string, KeptMessage>()
  readonly #byListedId = new Map<string, KeptMessage>()
  readonly #byId = new Map<number, KeptMessage>()
  /** By what had the id. */
  readonly #moved = new Map<number, { readonly to: IdentityKey; readonly atMs: number }>()

  append(message: Message, receivedAtMs: number, originHost: IdentityKey | null): KeptMessage {
    const key = boxKey({ owner: message.recipient, box: message.box })
    const box = this.#boxes.get(key) ?? {
      ...{ id: this.#boxes.size + 1, box: message.box },
      ...{ lastSequence: 0, prunedTo: 0, messages: [] },
    }
    this.#boxes.set(key, box)
    const sequence = ++box.lastSequence
    const listedId = listedIdFor(message, (id) => this.findListed(message.recipient, id) !== null)
    const kept = {
      id: box.id * sequences + sequence,
      // Where the sender handed it in, nobody needs to be shown how.
      stored: {
        ...message,
        request: originHost === null ? null : message.request,
        sequence,
        listedId,
        receivedAtMs,
        originHost,
        acknowledgedElsewhere: false,
      },
      outgoing: null,
      stays: false,
      isGone: false,
    }
    box.messages.push(kept)
    this.#byId.set(kept.id, kept)
    this.#byIdentity.set(identityKey(message), kept)
    this.#byListedId.set(`${message.recipient} ${listedId}`, kept)
    return kept
  }

  remove(kept: KeptMessage): void {
    const { id, stored } = kept
    kept.isGone = true
    this.#byId.delete(id)
    const box = this.#boxes.get(boxKey({ owner: stored.recipient, box: stored.box }))
    if (box !== undefined) box.messages = box.messages.filter((other) => other !== kept)
    this.#byIdentity.delete(identityKey(stored))
    this.#byListedId.delete(`${stored.recipient} ${stored.listedId}`)
  }

  prune(kept: KeptMessage): void {
    this.remove(kept)
    this.#notePruned(kept.id)
  }

  /** Another host has it, which its owner moved to. */
  move(kept: KeptMessage, to: IdentityKey, atMs: number): void {
    this.remove(kept)
    this.#moved.set(kept.id, { to, atMs })
  }

  forgetMoved(beforeMs: number): void {
    for (const [id, { atMs }] of this.#moved) {
      if (atMs >= beforeMs) continue
      this.#moved.delete(id)
      this.#notePruned(id)
    }
  }

  /** Of what had this id, and is gone. */
  removalOf(id: number): Removal | null {
    const moved = this.#moved.get(id)
    if (moved !== undefined) return { kind: 'moved', to: moved.to }
    return id % sequences <= (this.#boxOf(id)?.prunedTo ?? 0) ? { kind: 'pruned' } : null
  }

  findById(id: number): KeptMessage | null {
    return this.#byId.get(id) ?? null
  }

  find(identity: Identity): KeptMessage | null {
    return this.#byIdentity.get(identityKey(identity)) ?? null
  }

  findNamed(
    recipient: IdentityKey,
    name: { box: BoxName; sender: IdentityKey; messageId: MessageId },
  ): KeptMessage | null {
    return this.find({ recipient, ...name })
  }

  findListed(owner: IdentityKey, listedId: string): KeptMessage | null {
    return this.#byListedId.get(`${owner} ${listedId}`) ?? null
  }

  /** What waits in all boxes of one owner. */
  usageOf(owner: IdentityKey): Quota {
    const bodies = [...this.#byIdentity.values()].filter(({ stored }) => stored.recipient === owner)
    const bytes = bodies.reduce((sum, { stored }) => sum + Buffer.byteLength(stored.body), 0)
    return { messages: bodies.length, bytes }
  }

  /** Every box that something was ever in, in that order. */
  boxes(): { readonly box: BoxName; readonly messages: readonly KeptMessage[] }[] {
    return [...this.#boxes.values()]
  }

  #notePruned(id: number): void {
    const box = this.#boxOf(id)
    if (box !== undefined) box.prunedTo = Math.max(box.prunedTo, id % sequences)
  }

  #boxOf(id: number): Box | undefined {
    return [...this.#boxes.values()][Math.floor(id / sequences) - 1]
  }

  lastSequence(address: BoxAddress): number {
    return this.#boxes.get(boxKey(address))?.lastSequence ?? 0
  }

  in(address: BoxAddress): readonly KeptMessage[] {
    return this.#boxes.get(boxKey(address))?.messages ?? []
  }
}

export function identityKey({ recipient, box, sender, messageId }: Identity): string {
  return `${recipient} ${sender} ${box}\n${messageId}`
}

function boxKey({ owner, box }: BoxAddress): string {
  return `${owner} ${box}`
}
