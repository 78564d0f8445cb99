import type { HostOrigin, IdentityKey } from '@overpost/protocol'

/**
 * Who the host at an origin is, for routes that name no key: what it said of itself when it was first asked, remembered for good.
 * Another key later is for an operator to look at; it changes nothing here.
 */
export interface HostKeys {
  /** Null when the host has not said so yet, and cannot be asked now. Never rejects. */
  keyOf(origin: HostOrigin): Promise<IdentityKey | null>
}
