import type { IdentityKey, NamedLinkage, SignedRequest } from '@overpost/protocol'

/** Checks the requests that senders made to other hosts (`brc94`, docs/specs/propagate.md). At once, and never throws. */
export interface RequestVerifier {
  /**
   * Whether `sender` made `request` to `host`, which the caller has authenticated. `unknown`: the linkage was named, and is not
   * remembered.
   */
  verify(
    host: IdentityKey,
    sender: IdentityKey,
    request: SignedRequest,
    linkage: NamedLinkage,
  ): 'valid' | 'invalid' | 'unknown'
}
