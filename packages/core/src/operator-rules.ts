import { RelayError, type IdentityKey } from '@overpost/protocol'
import type { OperatorRule, RuleOf, RuleStore } from './ports/rule-store.ts'

/** Each is read at every message: what is kept in memory is what an operator can have typed. */
const mostRules = 10_000

/**
 * Whom this host's operator lets in. A denied one is refused; while anybody is allowed by name, all others of that kind are refused too.
 * Held in memory as it is in the store, so that a change holds at once and a message costs no look into the store.
 */
export class OperatorRules {
  readonly #store: RuleStore
  readonly #rules = new Map<string, OperatorRule>()
  #allowed = { host: 0, sender: 0 }

  private constructor(store: RuleStore) {
    this.#store = store
  }

  static async load(store: RuleStore): Promise<OperatorRules> {
    const rules = new OperatorRules(store)
    for (const rule of await store.all()) rules.#rules.set(nameOf(rule), rule)
    rules.#count()
    return rules
  }

  /** Whether nothing of that host, or sender, is taken. */
  refuses(subject: RuleOf['subject'], key: IdentityKey): boolean {
    if (this.#rules.size === 0) return false
    const rule = this.#rules.get(nameOf({ subject, key }))
    return rule === undefined ? this.#allowed[subject] > 0 : rule.verdict === 'deny'
  }

  list(): OperatorRule[] {
    return [...this.#rules.values()].toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))
  }

  /** @throws {RelayError} ERR_QUOTA_EXCEEDED */
  async put(rule: OperatorRule): Promise<void> {
    if (this.#rules.size >= mostRules && !this.#rules.has(nameOf(rule))) {
      throw new RelayError('ERR_QUOTA_EXCEEDED', `At most ${mostRules} rules are kept.`)
    }
    await this.#store.put(rule)
    this.#rules.set(nameOf(rule), rule)
    this.#count()
  }

  async remove(of: RuleOf): Promise<void> {
    await this.#store.remove(of)
    this.#rules.delete(nameOf(of))
    this.#count()
  }

  #count(): void {
    this.#allowed = { host: 0, sender: 0 }
    for (const { subject, verdict } of this.#rules.values()) if (verdict === 'allow') this.#allowed[subject] += 1
  }
}

function nameOf({ subject, key }: RuleOf): string {
  return `${subject} ${key}`
}
