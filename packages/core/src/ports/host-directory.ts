import type { IdentityKey, Outpoint } from '@overpost/protocol'

/** An output of a transaction whose inclusion or ancestry was proven by SPV. What the script says is still to be verified. */
export interface DirectoryEntry {
  readonly outpoint: Outpoint
  readonly script: Uint8Array
  /** True when a transaction, proven by SPV too, spends it. */
  readonly spent: boolean
  /** What its own transaction spends, as `<txid>.<vout>`; absent where nobody asks. */
  readonly spends?: ReadonlySet<string>
}

/** `answered`: the union of what the lookup hosts that answered know, perhaps nothing. `failed`: none of them could be asked. */
export type DirectoryAnswer =
  | { readonly kind: 'answered'; readonly entries: readonly DirectoryEntry[] }
  | { readonly kind: 'failed'; readonly reason: string }

/** Whether a script is worth the cost of proving its transaction. */
export type Sieve = (script: Uint8Array) => boolean

/** Finds tokens that name a user (`ls_phip`, BRC-34, and `ls_messagebox`). */
export interface HostDirectory {
  /** It has nobody to ask, and never will. Left out: it has. */
  readonly isBlind?: boolean
  /**
   * Asks several lookup hosts; never rejects, an abort is `failed`. `makeSieve` is called for each host's answer, whose scripts are then
   * shown to it, in the order of the answer, before anything of them is proven: so what one host shows cannot push out what another does.
   */
  find(user: IdentityKey, makeSieve: () => Sieve, signal: AbortSignal): Promise<DirectoryAnswer>
}
