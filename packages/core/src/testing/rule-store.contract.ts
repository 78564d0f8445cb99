import { expect } from 'chai'
import type { OperatorRule } from '../ports/rule-store.ts'
import type { Store } from '../ports/store.ts'
import { alice, fixtureNowMs } from './fixtures.ts'
import { eachWithStore } from './with-store.ts'

/** The promises of `RuleStore`, run once for each adapter. */
export function ruleStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`RuleStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)
    const rule: OperatorRule = { subject: 'sender', key: alice, verdict: 'deny', note: 'spam', setAtMs: fixtureNowMs }

    it('keeps one rule for each host and each sender', async () => {
      const ofHost: OperatorRule = { ...rule, subject: 'host' }
      for (const one of [rule, ofHost]) await store().rules.put(one)
      expect(await store().rules.all()).to.have.deep.members([rule, ofHost])
      await store().rules.put({ ...rule, verdict: 'allow' })
      expect(await store().rules.all()).to.have.deep.members([{ ...rule, verdict: 'allow' }, ofHost])
    })

    it('takes a rule away, once', async () => {
      await store().rules.put(rule)
      await store().rules.remove(rule)
      await store().rules.remove(rule)
      expect(await store().rules.all()).to.deep.equal([])
    })
  })
}
