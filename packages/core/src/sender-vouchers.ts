import type { IdentityKey } from '@overpost/protocol'
import type { Resolver } from './resolve-hosts.ts'

/** Look-ups for other hosts under way at once, and waiting for their turn: beyond, hosts are told to try again. */
const mostLookups = 32
const mostWaiting = 1_000
const never = new AbortController().signal

/** Whether a host may vouch for a sender (phip.md section 8, F3): it holds the sender's own valid and unspent token. */
export class SenderVouchers {
  readonly #resolver: Pick<Resolver, 'resolve'>
  readonly #waiting: (() => void)[] = []
  #lookups = 0

  constructor(resolver: Pick<Resolver, 'resolve'>) {
    this.#resolver = resolver
  }

  /** `unknown`: that cannot be looked up now. Never rejects. */
  async check(host: IdentityKey, sender: IdentityKey): Promise<'valid' | 'invalid' | 'unknown'> {
    // It has authenticated itself.
    if (host === sender) return 'valid'
    if (this.#waiting.length >= mostWaiting) return 'unknown'
    await this.#turn()
    try {
      const found = await this.#resolver.resolve(sender, never)
      if (found.kind === 'failed') return 'unknown'
      return found.routes.some(({ destination }) => destination.hostKey === host) ? 'valid' : 'invalid'
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#lookups -= 1
      else next()
    }
  }

  /** Resolves when a look-up may begin; the turn of one that ends goes to the next that waits. */
  #turn(): Promise<void> | void {
    if (this.#lookups >= mostLookups) return new Promise((resolve) => this.#waiting.push(resolve))
    this.#lookups += 1
  }
}
