import { expect } from 'chai'
import type { Store } from '../ports/store.ts'
import { eachWithStore } from './with-store.ts'

/** The promises of `SpendingStore`, run once for each adapter. `open` must give an empty store. */
export function spendingStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`SpendingStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)

    it('counts each day and purpose for itself', async () => {
      const { spending } = store()
      expect(await spending.spent(5)).to.deep.equal({ known: 0, newcomers: 0 })
      await spending.add(5, 'known', 3)
      await spending.add(5, 'newcomers', 4)
      await spending.add(5, 'known', 10)
      expect(await spending.spent(5)).to.deep.equal({ known: 13, newcomers: 4 })
      await spending.add(6, 'newcomers', 1)
      expect(await spending.spent(6)).to.deep.equal({ known: 0, newcomers: 1 })
    })
  })
}
