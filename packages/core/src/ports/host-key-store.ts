import type { HostOrigin, IdentityKey } from '@overpost/protocol'

/** The key of the host at an origin, as it was first learned or last accepted, and another one that the origin showed since. */
export interface RememberedHostKey {
  readonly origin: HostOrigin
  readonly hostKey: IdentityKey
  /** Null: it showed no other. */
  readonly offeredKey: IdentityKey | null
}

/**
 * Which key the host at an origin has: what is known stays until an operator accepts another. Each call is atomic and durable when it
 * resolves. @throws {RelayError} ERR_UNAVAILABLE when the disk fails.
 */
export interface HostKeyStore {
  find(origin: HostOrigin): Promise<RememberedHostKey | null>
  /** Notes what an origin shows. `changed`: it is another key than the known one, which stays. */
  note(origin: HostOrigin, shown: IdentityKey, nowMs: number): Promise<'remembered' | 'same' | 'changed'>
  /** Puts the offered key in the place of the known one. False when that key was not offered. */
  accept(origin: HostOrigin, offered: IdentityKey, nowMs: number): Promise<boolean>
  /** Origins that showed another key, by name after `afterOrigin`; at most `limit`. */
  changed(afterOrigin: HostOrigin | null, limit: number): Promise<RememberedHostKey[]>
}
