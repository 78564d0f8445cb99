import { expect } from 'chai'
import type { IdentityKey } from '@overpost/protocol'
import type { Store } from '../ports/store.ts'
import { alice, bob, boxFixture, carol, fixtureNowMs, inbox } from './fixtures.ts'
import { eachWithStore } from './with-store.ts'

/** The promises of `PermissionStore`, run once for each adapter. `open` must give an empty store. */
export function permissionStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`PermissionStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)
    const put = (
      sender: IdentityKey | null,
      feeSatoshis: number | null,
      { box = inbox, owner = bob, nowMs = fixtureNowMs, most = 10 } = {},
    ) => store().permissions.put(owner, { box, sender, feeSatoshis }, { nowMs, most })
    const find = (sender: IdentityKey | null, { box = inbox, owner = bob } = {}) =>
      store().permissions.find(owner, { box, sender })
    const list = async (page: Partial<Parameters<Store['permissions']['list']>[1]> = {}) => {
      const { rules, total } = await store().permissions.list(bob, { box: null, limit: 100, offset: 0, ...page })
      return { rules: rules.map(({ box, sender, feeSatoshis }) => [box, sender, feeSatoshis]), total }
    }

    it('keeps one rule per box and sender, the last one put, and when it was made', async () => {
      expect(await find(alice)).to.equal(null)
      expect(await put(alice, 5)).to.equal('stored')
      expect(await put(alice, -1, { nowMs: fixtureNowMs + 1 })).to.equal('stored')
      expect(await find(alice)).to.deep.equal({
        ...{ box: inbox, sender: alice, feeSatoshis: -1 },
        ...{ createdAtMs: fixtureNowMs, updatedAtMs: fixtureNowMs + 1 },
      })
      expect(await find(carol)).to.equal(null)
      expect(await find(alice, { box: boxFixture('Inbox') })).to.equal(null)
      expect(await find(alice, { owner: alice })).to.equal(null)
    })

    it('keeps the rule of a box once, however often it is set, apart from those of senders', async () => {
      await put(null, 1)
      await put(null, 2)
      await put(alice, 3)
      expect((await find(null))?.feeSatoshis).to.equal(2)
      expect((await find(alice))?.feeSatoshis).to.equal(3)
      expect(await list()).to.deep.equal({
        rules: [
          [inbox, null, 2],
          [inbox, alice, 3],
        ],
        total: 2,
      })
    })

    it('says whether an owner has rules, and takes them away, also what is not there', async () => {
      expect(await store().permissions.hasRules(bob)).to.equal(false)
      await put(alice, 0)
      expect(await store().permissions.hasRules(bob)).to.equal(true)
      expect(await store().permissions.hasRules(alice)).to.equal(false)
      expect(await put(alice, null)).to.equal('stored')
      expect(await put(alice, null)).to.equal('stored')
      expect(await put(carol, null, { owner: carol })).to.equal('stored')
      expect(await store().permissions.hasRules(bob)).to.equal(false)
      expect(await find(alice)).to.equal(null)
    })

    it('lists by box, the rule of the box first, then by sender, page by page', async () => {
      const [first, second] = [alice, carol].toSorted()
      await put(second!, 2, { box: boxFixture('b') })
      await put(first!, 1, { box: boxFixture('b') })
      await put(null, 0, { box: boxFixture('b') })
      await put(first!, 9, { box: boxFixture('a') })
      const all = [
        ['a', first, 9],
        ['b', null, 0],
        ['b', first, 1],
        ['b', second, 2],
      ]
      expect(await list()).to.deep.equal({ rules: all, total: 4 })
      expect(await list({ limit: 2, offset: 1 })).to.deep.equal({ rules: all.slice(1, 3), total: 4 })
      expect(await list({ box: boxFixture('b'), offset: 2 })).to.deep.equal({ rules: all.slice(3), total: 3 })
      expect(await list({ box: boxFixture('c') })).to.deep.equal({ rules: [], total: 0 })
    })

    it('keeps no more rules of one owner than allowed', async () => {
      await put(alice, 1, { most: 2 })
      await put(carol, 1, { most: 2 })
      expect(await put(null, 1, { most: 2 })).to.equal('full')
      expect(await put(carol, 2, { most: 2 })).to.equal('stored')
      expect(await put(null, 1, { owner: carol, most: 2 })).to.equal('stored')
      await put(alice, null, { most: 2 })
      expect(await put(null, 1, { most: 2 })).to.equal('stored')
    })

    it('keeps large fees exactly', async () => {
      await put(null, Number.MAX_SAFE_INTEGER)
      expect((await find(null))?.feeSatoshis).to.equal(Number.MAX_SAFE_INTEGER)
    })
  })
}
