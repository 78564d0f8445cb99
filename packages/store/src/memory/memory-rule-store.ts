import type { OperatorRule, RuleOf, RuleStore } from '@overpost/core'

/** An operator's rules, gone with the process. */
export class MemoryRuleStore implements RuleStore {
  readonly #rules = new Map<string, OperatorRule>()

  all(): Promise<OperatorRule[]> {
    return Promise.resolve([...this.#rules.values()])
  }

  put(rule: OperatorRule): Promise<void> {
    this.#rules.set(`${rule.subject} ${rule.key}`, rule)
    return Promise.resolve()
  }

  remove({ subject, key }: RuleOf): Promise<void> {
    this.#rules.delete(`${subject} ${key}`)
    return Promise.resolve()
  }
}
