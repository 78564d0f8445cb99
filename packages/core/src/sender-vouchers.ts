import type { IdentityKey } from '@overpost/protocol'
import type { Resolver } from './resolve-hosts.ts'

/** Look-ups for other hosts under way at once: beyond, they are told to try again, so that none can keep us busy. */
const mostLookups = 32
const never = new AbortController().signal

/** Whether a host may vouch for a sender (phip.md section 8, F3): it holds the sender's own valid and unspent token. */
export class SenderVouchers {
  readonly #resolver: Pick<Resolver, 'resolve'>
  #lookups = 0

  constructor(resolver: Pick<Resolver, 'resolve'>) {
    this.#resolver = resolver
  }

  /** `unknown`: that cannot be looked up now. Never rejects. */
  async check(host: IdentityKey, sender: IdentityKey): Promise<'valid' | 'invalid' | 'unknown'> {
    // It has authenticated itself.
    if (host === sender) return 'valid'
    if (this.#lookups >= mostLookups) return 'unknown'
    this.#lookups += 1
    try {
      const found = await this.#resolver.resolve(sender, never)
      if (found.kind === 'failed') return 'unknown'
      return found.routes.some(({ destination }) => destination.hostKey === host) ? 'valid' : 'invalid'
    } finally {
      this.#lookups -= 1
    }
  }
}
