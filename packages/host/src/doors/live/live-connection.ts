import type { ConnectionAuth, Peer } from '@overpost/auth'
import type { Mailbox, Router } from '@overpost/core'
import { RelayError, type IdentityKey } from '@overpost/protocol'
import type { CallerLimits } from '../../http/caller-limits.ts'
import { Follows } from './follows.ts'
import { closeCodes, type LiveLink } from './live-link.ts'
import { liveEvents, type LiveEvent } from './live-events.ts'

export interface LiveDeps {
  readonly auth: { connection(): ConnectionAuth }
  readonly router: Pick<Router, 'accept'>
  readonly mailbox: Pick<Mailbox, 'follow' | 'end' | 'cursorAfter' | 'isOwn'>
  readonly callerLimits: Pick<CallerLimits, 'takeMessage'>
  readonly isPublicKey: (key: IdentityKey) => boolean
  readonly limits: LiveLimits
  /** Told of what went wrong on this host's side. */
  readonly failed: (error: unknown) => void
}

export interface LiveLimits {
  /** What may wait for a connection that does not read. */
  readonly bufferBytes: number
  /** How long a pushed message may wait for the network. */
  readonly stallMs: number
  /** How long a connection may be nobody's. */
  readonly signInMs: number
  /** Boxes that one connection follows. */
  readonly boxes: number
}

/**
 * One live connection, behind whatever carries it. Its identity is the key that signs on it, whatever its messages say. What
 * is pushed waits for the network, message by message, so that a connection that does not read keeps its own messages back
 * in the store and nothing else; one that stops reading is cut, and asks again from its cursor.
 */
export class LiveConnection {
  readonly #link: LiveLink
  readonly #deps: LiveDeps
  readonly #auth: ConnectionAuth
  readonly #follows: Follows
  readonly #signIn: NodeJS.Timeout
  #isOpen = true

  constructor(link: LiveLink, deps: LiveDeps) {
    this.#link = link
    this.#deps = deps
    this.#auth = deps.auth.connection()
    this.#follows = new Follows(deps.mailbox, {
      most: deps.limits.boxes,
      failed: (error) => {
        deps.failed(error)
        this.cut(closeCodes.fault, 'The store cannot be read right now.')
      },
    })
    this.#signIn = setTimeout(() => this.cut(closeCodes.unauthorized, 'Nobody signed in.'), deps.limits.signInMs)
  }

  /** Whose it is; null until something was signed. */
  get identityKey(): IdentityKey | null {
    return this.#auth.identityKey
  }

  /** Takes what came, whole, and how long it was. Never throws. */
  receive(message: unknown, bytes: number): void {
    if (!this.#isOpen) return
    const input = this.#auth.receive(message)
    if (input.kind === 'refused') this.cut(closeCodes.unauthorized, input.reason)
    else if (input.kind === 'answer') this.#hand(input.message)
    else void this.#handle(input, bytes)
  }

  /** Ends it from this side. */
  cut(code: number, reason: string): void {
    if (!this.#isOpen) return
    this.closed()
    this.#link.close(code, reason)
  }

  /** It has ended. */
  closed(): void {
    this.#isOpen = false
    clearTimeout(this.#signIn)
    this.#follows.stopAll()
  }

  async #handle({ name, data, peer }: { name: string; data: unknown; peer: Peer }, bytes: number): Promise<void> {
    clearTimeout(this.#signIn)
    const event: LiveEvent | undefined = liveEvents.get(name)
    if (event === undefined) return // Clients of later days may say more.
    try {
      const waitMs = this.#deps.callerLimits.takeMessage(peer.identityKey, bytes)
      if (waitMs > 0) throw new RelayError('ERR_RATE_LIMITED')
      await event.run(data, {
        ...this.#deps,
        peer,
        follows: this.#follows,
        answer: (answer, content) => this.#emit(answer, content),
        push: (pushed, content) => this.#push(pushed, content),
      })
    } catch (error) {
      const refusal = error instanceof RelayError ? error : new RelayError('ERR_INTERNAL', undefined, { cause: error })
      if (refusal.status >= 500) this.#deps.failed(error)
      const { code, message: description, details } = refusal
      this.#emit(event.refusal(data), {
        ...details,
        status: 'error',
        code,
        description,
        reason: description,
        ...event.names(data),
      })
    }
  }

  #emit(name: string, data: unknown): void {
    if (this.#isOpen) this.#hand(this.#auth.event(name, data))
  }

  /** Waits for nothing: what its other end asked for, and does not read, it may as well not have. */
  #hand(message: object): void {
    if (this.#link.waitingBytes > this.#deps.limits.bufferBytes) {
      this.cut(closeCodes.slow, 'This connection does not read what it asks for.')
      return
    }
    this.#link.send(message).catch(() => undefined)
  }

  /** Resolves when the network has it: only then the next message is fetched. */
  async #push(name: string, data: unknown): Promise<void> {
    if (!this.#isOpen) return
    const stalled = setTimeout(
      () => this.cut(closeCodes.slow, 'This connection reads too slowly.'),
      this.#deps.limits.stallMs,
    )
    try {
      await this.#link.send(this.#auth.event(name, data))
    } catch {
      this.closed()
    } finally {
      clearTimeout(stalled)
    }
  }
}
