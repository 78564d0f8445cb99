import { expect } from 'chai'
import type { Placement } from '../ports/mailbox-store.ts'
import { freshDestination } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import {
  alice,
  bob,
  destinationFixture,
  envelopeFixture,
  forwardedFixture,
  guestFixture,
  idFixture,
  inbox,
} from './fixtures.ts'
import { delivered, eachWithRecords, failed, notice } from './with-records.ts'
import { accept, claimParcels, claimUnrouted, listing } from './with-store.ts'

/** Part of the outbox contract: what no host takes goes back to its sender, once, unless its recipient has it or it is kept. */
export function returnsContract(open: () => Promise<Store>): void {
  describe('records of what no host takes', () => {
    const { store, put, find, stateOf, finish } = eachWithRecords(open)
    const noHome = async (): Promise<void> =>
      store().outbox.finishUnrouted(await claimUnrouted(store()), [{ kind: 'failed', reason: 'ERR_NO_ROUTE' }])
    const returned = (id: number, message: Placement | null = notice()) =>
      ({ id, end: { kind: 'returned', notice: message } }) as const
    const notices = (): Promise<string[]> => listing(store(), { owner: alice, box: inbox })
    const undelivered = async () => (await store().outbox.undelivered(10))[0]

    it('waits for its sender to be told, and is then returned, with one notice however often that is said', async () => {
      const ref = await put(forwardedFixture(['hosta']))
      await finish(failed)
      expect(await stateOf(ref)).to.equal('waiting')
      const found = await undelivered()
      expect(found?.record).to.deep.include({ messageId: 'm1', sender: alice, reason: 'ERR_NO', attempts: 1 })
      const id = found?.id ?? 0
      expect(await store().outbox.finishReturns([returned(id)])).to.deep.equal([true])
      expect(await notices()).to.deep.equal(['n1: hello'])
      expect(await find(ref)).to.deep.include({ state: 'returned', reason: 'ERR_NO', nextAttemptAtMs: null })
      await store().mailboxes.acknowledge(alice, ['n1'])
      expect(await store().outbox.finishReturns([returned(id, notice('n2'))])).to.deep.equal([false])
      expect(await notices()).to.deep.equal([])
      expect(await undelivered()).to.equal(undefined)
    })

    it('only once all have refused, and not when one has it', async () => {
      await put(forwardedFixture(['hosta', 'hostb']))
      await finish(failed)
      expect(await undelivered()).to.equal(undefined)
      await finish(delivered)
      expect(await undelivered()).to.equal(undefined)
      await put(forwardedFixture(['hosta', 'hostb'], { messageId: idFixture('m2') }))
      await finish(failed, failed)
      expect((await undelivered())?.record.messageId).to.equal('m2')
    })

    it('a notice that goes elsewhere can be claimed', async () => {
      await put(forwardedFixture(['hosta']))
      await finish(failed)
      const elsewhere = forwardedFixture(['hostb'], { recipient: alice, messageId: idFixture('n1') })
      await store().outbox.finishReturns([returned((await undelivered())?.id ?? 0, elsewhere)])
      const batch = await claimParcels(store())
      expect(batch.destination).to.deep.equal(destinationFixture('hostb'))
    })

    it("takes a guest's copy along, and the same message with the same envelope can be sent again", async () => {
      const guest = guestFixture({ envelope: envelopeFixture('e') })
      const ref = await put(guest)
      await noHome()
      await store().outbox.finishReturns([returned((await undelivered())?.id ?? 0)])
      expect(await stateOf(ref)).to.equal('returned')
      expect(await listing(store())).to.deep.equal([])
      expect(await accept(store(), [guest])).to.deep.equal(['stored'])
    })

    it('is delivered after all when its guest was listed here, before or after its last host refused', async () => {
      for (const isBefore of [true, false]) {
        const messageId = idFixture(isBefore ? 'm1' : 'm2')
        const ref = await put(guestFixture({ messageId }))
        if (isBefore) await listing(store())
        await noHome()
        if (isBefore) expect(await undelivered()).to.equal(undefined)
        else {
          const { id = 0 } = (await undelivered()) ?? {}
          await listing(store())
          expect(await store().outbox.finishReturns([returned(id)])).to.deep.equal([false])
        }
        expect(await find(ref)).to.deep.include({ state: 'delivered', isHere: true })
        expect(await notices()).to.deep.equal([])
        await store().mailboxes.acknowledge(bob, [messageId])
        expect(await stateOf(ref)).to.equal('acknowledged')
      }
    })

    it('is acknowledged when its guest was acknowledged here before its sender was told', async () => {
      const ref = await put(guestFixture())
      await noHome()
      const { id = 0 } = (await undelivered()) ?? {}
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await store().outbox.finishReturns([returned(id)])).to.deep.equal([false])
      expect(await stateOf(ref)).to.equal('acknowledged')
      expect(await notices()).to.deep.equal([])
    })

    it('comes here as a message like any other when it is to be kept, and had no copy here', async () => {
      const ref = await put(forwardedFixture(['hosta']))
      const end = { kind: 'failed', reason: 'ERR_NO' } as const
      await store().outbox.finishParcels(await claimParcels(store()), [end], freshDestination)
      const { id = 0 } = (await undelivered()) ?? {}
      expect(await store().outbox.finishReturns([{ id, end: { kind: 'kept' } }])).to.deep.equal([false])
      expect(await stateOf(ref)).to.equal('delivered')
      expect(await listing(store())).to.deep.equal(['m1: hello'])
      expect(await undelivered()).to.equal(undefined)
    })

    it('stays here as a message like any other when it is to be kept', async () => {
      const ref = await put(guestFixture())
      await noHome()
      const { id = 0 } = (await undelivered()) ?? {}
      expect(await store().outbox.finishReturns([{ id, end: { kind: 'kept' } }])).to.deep.equal([false])
      expect(await stateOf(ref)).to.equal('delivered')
      expect(await listing(store())).to.deep.equal(['m1: hello'])
    })
  })
}
