import { expect } from 'chai'
import type { MessageRef } from '../message.ts'
import type { Placement } from '../ports/mailbox-store.ts'
import type { Store } from '../ports/store.ts'
import {
  arrivalFixture,
  bob,
  boxFixture,
  fixtureNowMs,
  forwardedFixture,
  guestFixture,
  idFixture,
  placementFixture,
} from './fixtures.ts'
import { claimText, claimLimits, eachWithStore, listing, received } from './with-store.ts'

/** What a store promises of `boxes` and `prune`, run once for each adapter. */
export function retentionContract(adapter: string, open: () => Promise<Store>): void {
  describe(`Retention contract: ${adapter}`, () => {
    const store = eachWithStore(open)
    const keep = (id: string, acceptedAtMs: number, box = 'inbox') =>
      store().mailboxes.accept([placementFixture({ messageId: idFixture(id), box: boxFixture(box) }, { acceptedAtMs })])
    const boxes = async () => {
      const found = await store().mailboxes.boxes(0, 100)
      return found.map(({ box, oldestMs }) => `${box} ${oldestMs === null ? 'empty' : oldestMs - fixtureNowMs}`)
    }
    const inboxId = async () => (await store().mailboxes.boxes(0, 1))[0]?.id ?? 0

    it('tells of every box since when its oldest message waits, page by page', async () => {
      await keep('a', fixtureNowMs + 1)
      await keep('b', fixtureNowMs + 2)
      await keep('c', fixtureNowMs + 3, 'other')
      expect(await boxes()).to.deep.equal(['inbox 1', 'other 3'])
      await store().mailboxes.acknowledge(bob, ['a', 'c'])
      expect(await boxes()).to.deep.equal(['inbox 2', 'other empty'])
      const [first] = await store().mailboxes.boxes(0, 1)
      expect((await store().mailboxes.boxes(first?.id ?? 0, 1)).map(({ box }) => box)).to.deep.equal(['other'])
    })

    it('prunes what came before a time, the oldest first, so many at most', async () => {
      for (const [index, id] of ['a', 'b', 'c', 'd'].entries()) await keep(id, fixtureNowMs + index)
      expect(await store().mailboxes.prune(await inboxId(), fixtureNowMs + 3, 2)).to.equal(2)
      expect(await listing(store())).to.deep.equal(['c: hello', 'd: hello'])
      expect(await store().mailboxes.prune(await inboxId(), fixtureNowMs + 3, 2)).to.equal(1)
      expect(await store().mailboxes.prune(await inboxId(), fixtureNowMs + 3, 2)).to.equal(0)
      expect(await listing(store())).to.deep.equal(['d: hello'])
    })

    it('prunes one box and no other', async () => {
      await keep('a', fixtureNowMs)
      await keep('b', fixtureNowMs, 'other')
      await store().mailboxes.prune(await inboxId(), fixtureNowMs + 1, 10)
      expect(await listing(store(), { owner: bob, box: boxFixture('other') })).to.deep.equal(['b: hello'])
    })

    it('still knows what it pruned of another host', async () => {
      await store().mailboxes.receive([arrivalFixture()])
      await store().mailboxes.prune(await inboxId(), fixtureNowMs + 1, 10)
      expect(await listing(store())).to.deep.equal([])
      expect(await received(store(), [arrivalFixture()])).to.deep.equal(['duplicate'])
    })

    describe('tells what it removed from what was acknowledged', () => {
      const wasPruned = { kind: 'pruned' }
      const put = async (id: string, overrides: Partial<Placement> = {}): Promise<MessageRef> => {
        const [kept] = await store().mailboxes.accept([placementFixture({ messageId: idFixture(id) }, overrides)])
        if (kept?.ref == null) throw new Error('kept, and no ref')
        return kept.ref
      }
      const prune = async (beforeMs: number) => store().mailboxes.prune(await inboxId(), beforeMs, 10)

      it('as far as it knows: of what came before the last that it removed, it does not', async () => {
        await keep('x', fixtureNowMs, 'other')
        const acknowledged = await put('a')
        const pruned = await put('b')
        const later = await put('c', { acceptedAtMs: fixtureNowMs + 5 })
        await store().mailboxes.acknowledge(bob, ['a'])
        expect(await store().records.find([acknowledged])).to.deep.equal([null])
        const id = (await store().mailboxes.boxes(0, 2))[1]?.id ?? 0
        expect(await store().mailboxes.prune(id, fixtureNowMs + 1, 10)).to.equal(1)
        await store().mailboxes.acknowledge(bob, ['c'])
        expect(await store().mailboxes.prune(id, fixtureNowMs + 1, 10)).to.equal(0)
        expect(await store().records.find([acknowledged, pruned, later])).to.deep.equal([wasPruned, wasPruned, null])
      })

      for (const end of ['pruned', 'acknowledged'] as const) {
        it(`also of a message that another home has too: ${end}`, async () => {
          const { forwardings } = forwardedFixture(['hosta'])
          const ref = await put('a', { forwardings })
          if (end === 'pruned') expect(await prune(fixtureNowMs + 1)).to.equal(1)
          else await store().mailboxes.acknowledge(bob, ['a'])
          const [state, removal] = end === 'pruned' ? ['delivered', wasPruned] : ['acknowledged', null]
          const [record] = await store().records.find([ref])
          expect(record).to.deep.include({ state, removal, isHere: false, bodyHash: null })
        })
      }
    })

    it('leaves a guest’s copy, which still looks for its home', async () => {
      await store().mailboxes.accept([guestFixture()])
      expect(await store().mailboxes.prune(await inboxId(), fixtureNowMs + 1, 10)).to.equal(0)
      expect(await listing(store())).to.deep.equal(['m1: hello'])
      expect(claimText(await store().outbox.claim(claimLimits))).to.equal('unrouted: m1')
    })
  })
}
