import { expect } from 'chai'
import type { ProofDemand } from '@overpost/protocol'
import type { Store } from '../ports/store.ts'
import { alice, bob, boxFixture, inbox } from './fixtures.ts'
import { eachWithStore } from './with-store.ts'

const envelopes: ProofDemand = { minimum: 'envelope', plaintextOnly: true }
const requests: ProofDemand = { minimum: 'brc94', plaintextOnly: false }

/** The promises of `ProofPolicyStore`, run once for each adapter. `open` must give an empty store. */
export function proofPolicyStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`ProofPolicyStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)
    const put = (box: string, demand: ProofDemand | null, most = 10) =>
      store().proofPolicies.put(bob, boxFixture(box), demand, most)

    it('keeps the demand of each box of each owner, the last one put', async () => {
      expect(await store().proofPolicies.find(bob, inbox)).to.equal(null)
      expect(await put('inbox', requests)).to.equal('stored')
      expect(await put('inbox', envelopes)).to.equal('stored')
      expect(await put('other', requests)).to.equal('stored')
      expect(await store().proofPolicies.find(bob, inbox)).to.deep.equal(envelopes)
      expect(await store().proofPolicies.find(bob, boxFixture('other'))).to.deep.equal(requests)
      expect(await store().proofPolicies.find(alice, inbox)).to.equal(null)
    })

    it('takes a demand away, also one that is not there', async () => {
      await put('inbox', envelopes)
      expect(await put('inbox', null)).to.equal('stored')
      expect(await put('inbox', null)).to.equal('stored')
      expect(await store().proofPolicies.find(bob, inbox)).to.equal(null)
    })

    it('keeps no more boxes of one owner than allowed', async () => {
      await put('a', requests, 2)
      await put('b', requests, 2)
      expect(await put('c', requests, 2)).to.equal('full')
      expect(await put('b', envelopes, 2)).to.equal('stored')
      expect(await store().proofPolicies.put(alice, inbox, requests, 2)).to.equal('stored')
      await put('a', null, 2)
      expect(await put('c', requests, 2)).to.equal('stored')
    })
  })
}
