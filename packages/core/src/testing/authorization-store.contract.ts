import { expect } from 'chai'
import type { Store } from '../ports/store.ts'
import { alice, authorizationFixture, bob, carol, fixtureNowMs as nowMs, keyFixture } from './fixtures.ts'
import { eachWithStore } from './with-store.ts'

const dates = (issuedAtMs: number, expiresAtMs = nowMs * 2) => ({ issuedAtMs, expiresAtMs })
const at = (issuedAtMs: number) => authorizationFixture({ dates: dates(issuedAtMs) })
const undated = authorizationFixture({ dates: null })

/** The promises of `AuthorizationStore`, run once for each adapter. `open` must give an empty store. */
export function authorizationStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`AuthorizationStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)
    const authorizations = () => store().authorizations

    it('finds nothing for a user who never authorised', async () => {
      expect(await authorizations().find(bob)).to.equal(null)
      expect(await authorizations().revoke(bob, nowMs)).to.equal(false)
      expect(await authorizations().page(null, 10)).to.deep.equal([])
    })

    for (const authorization of [
      at(nowMs),
      undated,
      authorizationFixture({ pattern: '^pay', origin: 'bare.example' }),
    ]) {
      const name = `${authorization.dates === null ? 'undated' : 'dated'}, ${authorization.pattern ?? 'all boxes'}`
      it(`gives back what was put: ${name}`, async () => {
        expect(await authorizations().put(authorization, nowMs)).to.equal('stored')
        expect(await authorizations().find(bob)).to.deep.equal({ authorization, revokedAtMs: null })
        expect(await authorizations().page(null, 10)).to.deep.equal([{ authorization, storedAtMs: nowMs }])
      })
    }

    const orders = [
      { name: 'a later one replaces', first: at(100), second: at(101), outcome: 'stored' },
      { name: 'an earlier one does not', first: at(101), second: at(100), outcome: 'older' },
      { name: 'the same one changes nothing', first: at(100), second: at(100), outcome: 'unchanged' },
      {
        name: 'the same one signed again changes nothing',
        first: at(100),
        second: { ...at(100), signature: Uint8Array.of(48, 6, 2, 1, 2, 2, 1, 2) },
        outcome: 'unchanged',
      },
      {
        name: 'other terms of the same moment replace',
        first: at(100),
        second: { ...at(100), pattern: 'x' },
        outcome: 'stored',
      },
      { name: 'a dated one replaces an undated', first: undated, second: at(1), outcome: 'stored' },
      { name: 'an undated one does not replace a dated', first: at(1), second: undated, outcome: 'older' },
      { name: 'the same undated one changes nothing', first: undated, second: undated, outcome: 'unchanged' },
      {
        name: 'another undated one replaces an undated',
        first: undated,
        second: { ...undated, pattern: 'x' },
        outcome: 'stored',
      },
    ]
    for (const { name, first, second, outcome } of orders) {
      it(`of two authorizations, ${name}`, async () => {
        await authorizations().put(first, nowMs)
        expect(await authorizations().put(second, nowMs + 1)).to.equal(outcome)
        const standing = outcome === 'stored' ? second : first
        expect(await authorizations().find(bob)).to.deep.equal({ authorization: standing, revokedAtMs: null })
      })
    }

    const revivals = [
      { name: 'the very one that was revoked stays revoked', first: at(100), second: at(100), outcome: 'older' },
      { name: 'an earlier one than the revoked stays out', first: at(100), second: at(99), outcome: 'older' },
      { name: 'a later one than the revoked stands', first: at(100), second: at(101), outcome: 'stored' },
      { name: 'the undated one that was revoked stays revoked', first: undated, second: undated, outcome: 'older' },
      {
        name: 'the revoked one, signed again, stays revoked',
        first: at(100),
        second: { ...at(100), signature: Uint8Array.of(48, 6, 2, 1, 3, 2, 1, 3) },
        outcome: 'older',
      },
      { name: 'a dated one after a revoked undated one stands', first: undated, second: at(1), outcome: 'stored' },
    ]
    for (const { name, first, second, outcome } of revivals) {
      it(`after a revocation, ${name}`, async () => {
        await authorizations().put(first, nowMs)
        expect(await authorizations().revoke(bob, nowMs + 5)).to.equal(true)
        expect(await authorizations().put(second, nowMs + 9)).to.equal(outcome)
        expect(await authorizations().find(bob)).to.deep.equal(
          outcome === 'stored'
            ? { authorization: second, revokedAtMs: null }
            : { authorization: first, revokedAtMs: nowMs + 5 },
        )
      })
    }

    it('a revocation is one: the second finds nothing that stands, and does not move its time', async () => {
      await authorizations().put(at(100), nowMs)
      expect(await authorizations().revoke(bob, nowMs + 5)).to.equal(true)
      expect(await authorizations().revoke(bob, nowMs + 6)).to.equal(false)
      expect((await authorizations().find(bob))?.revokedAtMs).to.equal(nowMs + 5)
      expect(await authorizations().page(null, 10)).to.deep.equal([])
    })

    it('pages through those that stand, by user key', async () => {
      const users = [alice, bob, carol, keyFixture('dave'), keyFixture('erin')]
      for (const userKey of users) await authorizations().put(authorizationFixture({ userKey }), nowMs)
      await authorizations().revoke(carol, nowMs)
      const standing = users.filter((user) => user !== carol).toSorted()
      const seen: string[] = []
      for (let after: (typeof users)[number] | null = null; ;) {
        const page = await authorizations().page(after, 3)
        seen.push(...page.map(({ authorization }) => authorization.userKey))
        after = page.at(-1)?.authorization.userKey ?? null
        if (page.length < 3) break
      }
      expect(seen).to.deep.equal(standing)
    })

    it('one of two that come at once stands, the later', async () => {
      await Promise.all([at(3), at(5), at(4)].map((one) => authorizations().put(one, nowMs)))
      expect((await authorizations().find(bob))?.authorization).to.deep.equal(at(5))
    })
  })
}
