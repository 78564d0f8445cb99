import type { SyncAcknowledgements } from '@overpost/protocol'
import { expect } from 'chai'
import type { Store } from '../ports/store.ts'
import {
  alice,
  arrivalFixture,
  bob,
  boxFixture,
  carol,
  fixtureNowMs,
  forwardIdFixture,
  idFixture,
  inbox,
  keyFixture,
  placementFixture,
} from './fixtures.ts'
import { eachWithStore, largePage, listing, received } from './with-store.ts'

const m1 = { box: inbox, sender: alice, messageId: idFixture('m1') }

/** The promises of `AcknowledgementStore`, and of what comes after it was acknowledged elsewhere. */
export function acknowledgementStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`AcknowledgementStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)
    const sync: SyncAcknowledgements = {
      recipient: bob,
      messages: [m1],
      acknowledgement: { timestampMs: fixtureNowMs, signatureHex: '3006020101020101' },
    }

    it('acknowledges what its owner signed for elsewhere, of that owner only', async () => {
      await store().mailboxes.accept([placementFixture(), placementFixture({ recipient: carol })])
      expect(await store().acknowledgements.acknowledgeElsewhere(bob, [m1], fixtureNowMs)).to.equal(1)
      expect(await listing(store())).to.deep.equal([])
      expect(await listing(store(), { owner: carol, box: inbox })).to.deep.equal(['m1: hello'])
    })

    it('does not store what was acknowledged before it came, and signs for none of it', async () => {
      expect(await store().acknowledgements.acknowledgeElsewhere(bob, [m1], fixtureNowMs)).to.equal(0)
      const [reception] = await store().mailboxes.receive([arrivalFixture()])
      expect(reception).to.deep.equal({ outcome: 'duplicate', custody: null })
      const others = [
        arrivalFixture({ messageId: idFixture('m2') }),
        arrivalFixture({ box: boxFixture('b2') }, { forwardId: forwardIdFixture('b') }),
        arrivalFixture({ sender: carol }, { forwardId: forwardIdFixture('c') }),
        arrivalFixture({ recipient: carol }, { forwardId: forwardIdFixture('d') }),
      ]
      expect(await received(store(), others)).to.deep.equal(['stored', 'stored', 'stored', 'stored'])
      expect(await listing(store())).to.have.length(2)
    })

    it('forgets what never came', async () => {
      await store().acknowledgements.acknowledgeElsewhere(bob, [m1], fixtureNowMs)
      while (await store().mailboxes.forget(fixtureNowMs)) continue
      expect(await received(store(), [arrivalFixture()])).to.deep.equal(['duplicate'])
      while (await store().mailboxes.forget(fixtureNowMs + 1)) continue
      const again = arrivalFixture({}, { forwardId: forwardIdFixture('again') })
      expect(await received(store(), [again])).to.deep.equal(['stored'])
    })

    it('marks what a host says, and keeps it', async () => {
      await store().mailboxes.accept([placementFixture(), placementFixture({ messageId: idFixture('m2') })])
      expect(await store().acknowledgements.markElsewhere(bob, [m1])).to.equal(1)
      expect(await store().acknowledgements.markElsewhere(carol, [m1])).to.equal(0)
      const { messages } = await store().mailboxes.list({ owner: bob, box: inbox }, largePage)
      expect(messages.map(({ acknowledgedElsewhere }) => acknowledgedElsewhere)).to.deep.equal([true, false])
      expect(await store().mailboxes.acknowledgeByName(bob, [m1])).to.equal(1)
    })

    const ask = { nowMs: fixtureNowMs, longestWaitMs: 60_000, limit: 10 }

    it('keeps what is to be passed on until it is done with', async () => {
      const { acknowledgements } = store()
      expect(await acknowledgements.nextPassageAtMs()).to.equal(null)
      await acknowledgements.putPassage(sync, fixtureNowMs)
      await acknowledgements.putPassage({ ...sync, acknowledgement: null }, fixtureNowMs)
      expect(await acknowledgements.duePassages({ ...ask, nowMs: fixtureNowMs - 1 })).to.deep.equal([])
      const [first, second] = await acknowledgements.duePassages(ask)
      expect(first).to.deep.include({ sync, notedAtMs: fixtureNowMs, done: [], attempts: 0 })
      expect(second?.sync.acknowledgement).to.equal(null)
      const done = [keyFixture('hosta')]
      await acknowledgements.finishPassage(first!.id, { atMs: fixtureNowMs + 5, done })
      await acknowledgements.finishPassage(second!.id, null)
      expect(await acknowledgements.nextPassageAtMs()).to.equal(fixtureNowMs + 5)
      const [again] = await acknowledgements.duePassages({ ...ask, nowMs: fixtureNowMs + 5 })
      expect(again).to.deep.equal({ ...first, done, attempts: 1 })
    })

    it('makes due what is woken, and what was put off by a clock that was set back', async () => {
      const { acknowledgements } = store()
      for (const atMs of [5, 6]) {
        await acknowledgements.putPassage(sync, fixtureNowMs)
        const [passage] = await acknowledgements.duePassages(ask)
        await acknowledgements.finishPassage(passage!.id, { atMs: fixtureNowMs + atMs * 1_000, done: [] })
      }
      const ids = async (nowMs: number) => (await acknowledgements.duePassages({ ...ask, nowMs })).map(({ id }) => id)
      expect(await ids(fixtureNowMs)).to.deep.equal([])
      const [first, second] = await ids(fixtureNowMs + 6_000)
      await acknowledgements.wakePassages([second!], fixtureNowMs)
      expect(await ids(fixtureNowMs)).to.deep.equal([second])
      await acknowledgements.wakePassages([second!], fixtureNowMs + 9_000)
      expect(await ids(fixtureNowMs)).to.deep.equal([second])
      expect(await ids(fixtureNowMs - 3_600_000)).to.deep.equal([second, first])
    })
  })
}
