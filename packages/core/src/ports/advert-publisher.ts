import type { IdentityKey, Outpoint, RoutingAuthorization } from '@overpost/protocol'

/** A live token of ours in our own wallet's basket. */
export interface OwnAdvert {
  readonly outpoint: Outpoint
  readonly userKey: IdentityKey
  /** The authorization that the token carries. */
  readonly authorization: RoutingAuthorization
}

/** Makes and spends this host's own tokens, from its wallet, and tells the overlay. */
export interface AdvertPublisher {
  /** What our wallet holds now: the only truth about our own tokens. */
  list(signal: AbortSignal): Promise<OwnAdvert[]>
  /**
   * One transaction that creates a token for each authorization and spends the given ones. Resolves to the txid when the
   * wallet has taken it; the overlay hears of it by {@link announce}. Rejects when the wallet refuses.
   */
  publish(
    change: { create: readonly RoutingAuthorization[]; spend: readonly OwnAdvert[] },
    signal: AbortSignal,
  ): Promise<string>
  /**
   * Gives overlay nodes the transactions of ours that they have not confirmed, the same bytes again. Resolves to how many
   * (transaction, node) pairs are still open. Never rejects.
   */
  announce(signal: AbortSignal): Promise<number>
}
