import type { IdentityKey, Outpoint, RoutingAuthorization, SignedWithdrawal } from '@overpost/protocol'

/** What a user signed, as a token of ours says it on chain: whom they allow (PHIP, PHIP2), or what they take back (PHIPW). */
export type Statement =
  | { readonly kind: 'authorization'; readonly authorization: RoutingAuthorization }
  | { readonly kind: 'withdrawal'; readonly withdrawal: SignedWithdrawal }

/** A live token of ours in our own wallet's basket. */
export interface OwnToken {
  readonly outpoint: Outpoint
  readonly userKey: IdentityKey
  /** What the token carries. */
  readonly statement: Statement
}

/** Makes and spends this host's own tokens, from its wallet, and tells the overlay. */
export interface AdvertPublisher {
  /** What our wallet holds now: the only truth about our own tokens. */
  list(signal: AbortSignal): Promise<OwnToken[]>
  /**
   * One transaction that creates a token for each statement and spends the given ones. Resolves to the txid when the
   * wallet has taken it; the overlay hears of it by {@link announce}. Before anything is spent, `afford` is told what it costs,
   * fees and tokens; null when it says no, and nothing was spent. Rejects when the wallet refuses.
   */
  publish(
    change: { create: readonly Statement[]; spend: readonly OwnToken[] },
    afford: (satoshis: number) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<string | null>
  /**
   * Gives overlay nodes the transactions of ours that they have not confirmed, the same bytes again. Resolves to how many
   * (transaction, node) pairs are still open. Never rejects.
   */
  announce(signal: AbortSignal): Promise<number>
}
