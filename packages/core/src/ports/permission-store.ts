import type { BoxName, IdentityKey } from '@overpost/protocol'

/** Whom a rule concerns: one sender, or, when null, everybody who has no rule of their own. */
export interface RuleName {
  readonly box: BoxName
  readonly sender: IdentityKey | null
}

/** What its owner decided about who may send to a box. */
export interface DeliveryRule extends RuleName {
  /** What a message costs its sender: 0 nothing, -1 blocked. */
  readonly feeSatoshis: number
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

/**
 * What owners of boxes decided about their senders. Each call is atomic and durable when it resolves.
 * @throws {RelayError} ERR_UNAVAILABLE when the disk fails.
 */
export interface PermissionStore {
  /** Whether the owner has any rule at all. */
  hasRules(owner: IdentityKey): Promise<boolean>
  /** The rule of exactly that name. */
  find(owner: IdentityKey, name: RuleName): Promise<DeliveryRule | null>
  /** Sets a rule; a fee of null takes it away. `full`: the owner has `most` rules, of which this is none. */
  put(
    owner: IdentityKey,
    rule: RuleName & { readonly feeSatoshis: number | null },
    limits: { nowMs: number; most: number },
  ): Promise<'stored' | 'full'>
  /** The owner's rules, of one box or of all: by box, then the box's own rule before those of senders, in the order of keys. */
  list(
    owner: IdentityKey,
    page: { box: BoxName | null; limit: number; offset: number },
  ): Promise<{ rules: DeliveryRule[]; total: number }>
}
