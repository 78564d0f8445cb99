import type { SignedWithdrawal } from '@overpost/protocol'
import { expect } from 'chai'
import type { Store } from '../ports/store.ts'
import { alice, authorizationFixture, bob, fixtureNowMs as nowMs, keyFixture, withdrawalFixture } from './fixtures.ts'
import { eachWithStore } from './with-store.ts'

const here = keyFixture('this host')
const other = keyFixture('other host')
const most = 10

/** The promises of `WithdrawalStore`, run once for each adapter. `open` must give an empty store. */
export function withdrawalStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`WithdrawalStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)
    const put = (withdrawal: SignedWithdrawal, limit = most) => store().withdrawals.put(withdrawal, nowMs, limit)
    const find = (withdrawal: SignedWithdrawal) => store().withdrawals.find(withdrawal.userKey, withdrawal.hostKey)

    for (const hostKey of [other, 'ALL'] as const) {
      it(`gives back what was put: ${hostKey === 'ALL' ? 'all hosts' : 'one host'}`, async () => {
        const withdrawal = withdrawalFixture({ hostKey })
        expect(await find(withdrawal)).to.equal(null)
        expect(await put(withdrawal)).to.equal('stored')
        expect(await find(withdrawal)).to.deep.equal({ withdrawal, txid: null })
        expect(await store().withdrawals.page(null, 10)).to.deep.equal([{ withdrawal, txid: null }])
      })
    }

    const orders = [
      { name: 'a later one replaces', atMs: nowMs + 1, outcome: 'stored' },
      { name: 'an earlier one does not', atMs: nowMs - 1, outcome: 'older' },
      { name: 'the same one changes nothing', atMs: nowMs, outcome: 'unchanged' },
    ]
    for (const { name, atMs, outcome } of orders) {
      it(`of two for the same host, ${name}`, async () => {
        const first = withdrawalFixture({ atMs: nowMs })
        await put(first)
        await store().withdrawals.notePublished([{ withdrawal: first, txid: '11'.repeat(32) }])
        const second = withdrawalFixture({ atMs, signature: Uint8Array.of(9) })
        expect(await put(second)).to.equal(outcome)
        expect(await find(first)).to.deep.equal(
          outcome === 'stored' ? { withdrawal: second, txid: null } : { withdrawal: first, txid: '11'.repeat(32) },
        )
      })
    }

    it('notes the transaction of what stands only', async () => {
      const [first, second] = [withdrawalFixture({ atMs: nowMs }), withdrawalFixture({ atMs: nowMs + 1 })]
      await put(first)
      await put(second)
      await store().withdrawals.notePublished([{ withdrawal: first, txid: '11'.repeat(32) }])
      expect((await find(second))?.txid).to.equal(null)
      await store().withdrawals.notePublished([{ withdrawal: second, txid: '22'.repeat(32) }])
      expect((await find(second))?.txid).to.equal('22'.repeat(32))
    })

    it('keeps no more of one user than allowed', async () => {
      expect(await put(withdrawalFixture({ hostKey: other }), 1)).to.equal('stored')
      expect(await put(withdrawalFixture({ hostKey: here }), 1)).to.equal('full')
      expect(await put(withdrawalFixture({ hostKey: other, atMs: nowMs + 1 }), 1)).to.equal('stored')
      expect(await put(withdrawalFixture({ userKey: alice }), 1)).to.equal('stored')
    })

    it('pages through all, by user and host', async () => {
      for (const userKey of [alice, bob]) {
        for (const hostKey of [here, other, 'ALL'] as const) await put(withdrawalFixture({ userKey, hostKey }))
      }
      const seen: string[] = []
      for (let after: SignedWithdrawal | null = null; ;) {
        const page = await store().withdrawals.page(after, 2)
        seen.push(...page.map(({ withdrawal: { userKey, hostKey } }) => `${userKey} ${hostKey}`))
        after = page.at(-1)?.withdrawal ?? null
        if (page.length < 2) break
      }
      expect(seen).to.have.length(6)
      expect(new Set(seen).size).to.equal(6)
    })

    describe('what it ends here', () => {
      const at = (issuedAtMs: number) => authorizationFixture({ dates: { issuedAtMs, expiresAtMs: nowMs * 2 } })
      const undated = authorizationFixture({ dates: null })
      const cases = [
        { name: 'an earlier one of this host', authorization: at(nowMs - 1), hostKey: here, ends: true },
        { name: 'an earlier one of this host, for all', authorization: at(nowMs - 1), hostKey: 'ALL', ends: true },
        { name: 'an undated one, whatever host is named', authorization: undated, hostKey: other, ends: true },
        { name: 'not one of the same moment', authorization: at(nowMs), hostKey: here, ends: false },
        { name: 'not when another host is named', authorization: at(nowMs - 1), hostKey: other, ends: false },
      ] as const
      for (const { name, authorization, hostKey, ends } of cases) {
        it(`is ${name}`, async () => {
          await store().authorizations.put(authorization, nowMs - 5)
          await store().authorizations.find(bob) // remembered, where a store remembers
          await put(withdrawalFixture({ hostKey, atMs: nowMs }))
          expect((await store().authorizations.find(bob))?.revokedAtMs).to.equal(ends ? nowMs : null)
        })

        it(`stays so when it comes after the withdrawal: ${name}`, async () => {
          await put(withdrawalFixture({ hostKey, atMs: nowMs }))
          expect(await store().authorizations.put(authorization, nowMs)).to.equal(ends ? 'older' : 'stored')
        })
      }

      it('is nothing when a later withdrawal is here already', async () => {
        await put(withdrawalFixture({ hostKey: here, atMs: nowMs }))
        await store().authorizations.put(at(nowMs), nowMs)
        expect(await put(withdrawalFixture({ hostKey: here, atMs: nowMs - 5 }))).to.equal('older')
        expect((await store().authorizations.find(bob))?.revokedAtMs).to.equal(null)
      })
    })
  })
}
