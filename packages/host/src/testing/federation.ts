import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { IdentityWallet } from '@overpost/auth'
import type { HostConfigInput } from '../config.ts'
import type { Host } from '../host.ts'
import { authorizationBody, callerFixture, hostFixture, type TestCaller } from './host-fixture.ts'
import { smallOverlay, type SmallOverlay } from './small-overlay.ts'

/** Hosts that find each other by one small overlay node, and people who call them. Disposing of it closes all. */
export class Federation implements AsyncDisposable {
  readonly overlay: SmallOverlay
  readonly #open: AsyncDisposable[] = []
  readonly #callers: Disposable[] = []

  private constructor(overlay: SmallOverlay) {
    this.overlay = overlay
    this.#open.push(overlay)
  }

  static async start(): Promise<Federation> {
    return new Federation(await smallOverlay())
  }

  /** A host whose key is `digits` repeated. It asks for routes each time, and tries again soon. */
  async host(digits: string, config: HostConfigInput = {}): Promise<Host> {
    const host = await hostFixture({
      identityKey: digits.repeat(32),
      chain: { headersUrl: this.overlay.origin },
      overlay: { urls: [this.overlay.origin] },
      outbox: { backoffBaseMs: 50, unroutedBaseMs: 50 },
      routes: { positiveMs: 0, negativeMs: 0 },
      ...config,
    })
    this.#open.push(host)
    return host
  }

  caller(wallet: IdentityWallet, host: Host): TestCaller {
    const made = callerFixture(wallet, host.url)
    this.#callers.push(made)
    return made
  }

  /** `user` authorises `host`, and the overlay shows its token until what is returned is called. */
  async settle(user: IdentityWallet, host: Host, hostWallet: IdentityWallet): Promise<() => Promise<void>> {
    const { status } = await this.caller(user, host).post('/authorizeRouting', await authorizationBody(user, host))
    if (status !== 200) throw new Error(`the authorization was refused with ${status}`)
    return await this.overlay.show(user, hostWallet, host.url)
  }

  /** The inbox, with proofs. */
  async listed(user: IdentityWallet, host: Host): Promise<Record<string, unknown>[]> {
    const { json } = await this.caller(user, host).post('/listMessages', { messageBox: 'inbox', envelope: true })
    return json['messages'] as Record<string, unknown>[]
  }

  /** The inbox once it holds so many, or after five seconds. */
  async arrived(user: IdentityWallet, host: Host, count = 1): Promise<Record<string, unknown>[]> {
    const endMs = Date.now() + 5_000
    for (;;) {
      const messages = await this.listed(user, host)
      if (messages.length >= count || Date.now() > endMs) return messages
      await sleep(20)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const caller of this.#callers) caller[Symbol.dispose]()
    for (const part of this.#open.toReversed()) await part[Symbol.asyncDispose]()
  }
}

/** Names a new delivery, made now. */
export function newForwardId(): string {
  return Date.now().toString(16).padStart(16, '0') + randomBytes(24).toString('hex')
}
