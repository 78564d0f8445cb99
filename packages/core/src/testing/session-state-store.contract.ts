import { expect } from 'chai'
import type { Store } from '../ports/store.ts'
import { eachWithStore } from './with-store.ts'

/** The promises of `SessionStateStore`, run once for each adapter. `open` must give an empty store. */
export function sessionStateStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`SessionStateStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)

    it('has nothing at first', async () => {
      expect(await store().sessionState.take()).to.equal(null)
    })

    it('gives back what was saved, once', async () => {
      const state = Uint8Array.from({ length: 70_000 }, (_, index) => index % 251)
      await store().sessionState.save(state.subarray(5, 69_000))
      const taken = await store().sessionState.take()
      expect(Buffer.from(taken ?? []).equals(state.subarray(5, 69_000))).to.equal(true)
      expect(await store().sessionState.take()).to.equal(null)
    })

    it('keeps the last of what was saved', async () => {
      await store().sessionState.save(Uint8Array.of(1))
      await store().sessionState.save(Uint8Array.of(2))
      expect(await store().sessionState.take()).to.deep.equal(Uint8Array.of(2))
    })

    it('tells an empty state from none', async () => {
      await store().sessionState.save(new Uint8Array())
      expect(await store().sessionState.take()).to.deep.equal(new Uint8Array())
    })

    it('gives it to one of two that ask at once', async () => {
      await store().sessionState.save(Uint8Array.of(1))
      const taken = await Promise.all([store().sessionState.take(), store().sessionState.take()])
      expect(taken.filter((state) => state !== null)).to.have.length(1)
    })
  })
}
