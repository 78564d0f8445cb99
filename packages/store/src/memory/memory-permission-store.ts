import type { DeliveryRule, PermissionStore, RuleName } from '@overpost/core'
import type { BoxName, IdentityKey } from '@overpost/protocol'

/** What owners decided about their senders, gone with the process. */
export class MemoryPermissionStore implements PermissionStore {
  readonly #byOwner = new Map<IdentityKey, Map<string, DeliveryRule>>()

  hasRules(owner: IdentityKey): Promise<boolean> {
    return Promise.resolve(this.#rules(owner).size > 0)
  }

  find(owner: IdentityKey, name: RuleName): Promise<DeliveryRule | null> {
    return Promise.resolve(this.#rules(owner).get(keyOf(name)) ?? null)
  }

  put(
    owner: IdentityKey,
    { box, sender, feeSatoshis }: RuleName & { feeSatoshis: number | null },
    { nowMs, most }: { nowMs: number; most: number },
  ): Promise<'stored' | 'full'> {
    const rules = this.#rules(owner)
    const key = keyOf({ box, sender })
    const before = rules.get(key)
    if (feeSatoshis === null) rules.delete(key)
    else if (before === undefined && rules.size >= most) return Promise.resolve('full')
    else rules.set(key, { box, sender, feeSatoshis, createdAtMs: before?.createdAtMs ?? nowMs, updatedAtMs: nowMs })
    this.#byOwner.set(owner, rules)
    return Promise.resolve('stored')
  }

  list(
    owner: IdentityKey,
    { box, limit, offset }: { box: BoxName | null; limit: number; offset: number },
  ): Promise<{ rules: DeliveryRule[]; total: number }> {
    const all = [...this.#rules(owner)]
      .filter(([, rule]) => box === null || rule.box === box)
      .sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      .map(([, rule]) => rule)
    return Promise.resolve({ rules: all.slice(offset, offset + limit), total: all.length })
  }

  #rules(owner: IdentityKey): Map<string, DeliveryRule> {
    return this.#byOwner.get(owner) ?? new Map<string, DeliveryRule>()
  }
}

/** In the order of the listing: boxes have no line breaks, and every key comes after none. */
function keyOf({ box, sender }: RuleName): string {
  return `${box}\n${sender ?? ''}`
}
