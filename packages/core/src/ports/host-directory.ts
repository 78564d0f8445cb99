import type { IdentityKey, Outpoint } from '@overpost/protocol'

/** An output of a transaction whose inclusion or ancestry was proven by SPV. What the script says is still to be verified. */
export interface DirectoryEntry {
  readonly outpoint: Outpoint
  readonly script: Uint8Array
  /** True when a transaction, proven by SPV too, spends it. */
  readonly spent: boolean
}

/** `answered`: the union of what the lookup hosts that answered know, perhaps nothing. `failed`: none of them could be asked. */
export type DirectoryAnswer =
  | { readonly kind: 'answered'; readonly entries: readonly DirectoryEntry[] }
  | { readonly kind: 'failed'; readonly reason: string }

/** Finds tokens that name a user (`ls_phip`, BRC-34). Asks several lookup hosts; never rejects, an abort is `failed`. */
export interface HostDirectory {
  find(user: IdentityKey, signal: AbortSignal): Promise<DirectoryAnswer>
}
