import type { HostOrigin } from '@overpost/protocol'
import { expect } from 'chai'
import type { Store } from '../ports/store.ts'
import { fixtureNowMs as nowMs, keyFixture } from './fixtures.ts'
import { eachWithStore } from './with-store.ts'

const origin = 'https://relay.example' as HostOrigin
const other = 'https://other.example' as HostOrigin
const [first, second, third] = [keyFixture('first'), keyFixture('second'), keyFixture('third')]

/** The promises of `HostKeyStore`, run once for each adapter. `open` must give an empty store. */
export function hostKeyStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`HostKeyStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)
    const keys = () => store().hostKeys

    it('remembers the first key of an origin', async () => {
      expect(await keys().find(origin)).to.equal(null)
      expect(await keys().note(origin, first, nowMs)).to.equal('remembered')
      expect(await keys().note(origin, first, nowMs + 1)).to.equal('same')
      expect(await keys().find(origin)).to.deep.equal({ origin, hostKey: first, offeredKey: null })
      expect(await keys().find(other)).to.equal(null)
    })

    it('keeps it when the origin shows another, which it notes, and forgets when the first is back', async () => {
      await keys().note(origin, first, nowMs)
      expect(await keys().note(origin, second, nowMs)).to.equal('changed')
      expect(await keys().note(origin, third, nowMs)).to.equal('changed')
      expect(await keys().find(origin)).to.deep.equal({ origin, hostKey: first, offeredKey: third })
      expect(await keys().note(origin, first, nowMs)).to.equal('same')
      expect(await keys().find(origin)).to.deep.equal({ origin, hostKey: first, offeredKey: null })
    })

    it('takes another only when it is accepted by name', async () => {
      await keys().note(origin, first, nowMs)
      await keys().note(origin, second, nowMs)
      expect(await keys().accept(origin, third, nowMs)).to.equal(false)
      expect(await keys().accept(other, second, nowMs)).to.equal(false)
      expect(await keys().accept(origin, second, nowMs)).to.equal(true)
      expect(await keys().accept(origin, second, nowMs)).to.equal(false)
      expect(await keys().find(origin)).to.deep.equal({ origin, hostKey: second, offeredKey: null })
    })

    it('lists what changed, page by page', async () => {
      for (const each of [other, origin]) {
        await keys().note(each, first, nowMs)
        await keys().note(each, second, nowMs)
      }
      await keys().note('https://same.example' as HostOrigin, first, nowMs)
      const [one] = await keys().changed(null, 1)
      expect(one).to.deep.equal({ origin: other, hostKey: first, offeredKey: second })
      expect(await keys().changed(other, 10)).to.deep.equal([{ origin, hostKey: first, offeredKey: second }])
    })
  })
}
