import { expect } from 'chai'
import { freshDestination, type ParcelEnd } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import {
  alice,
  arrivalFixture,
  bob,
  fixtureNowMs as nowMs,
  forwardedFixture,
  guestFixture,
  idFixture,
  inbox,
  placementFixture,
} from './fixtures.ts'
import {
  accept,
  claimAll,
  claimLimits,
  claimParcels,
  claimText,
  claimUnrouted,
  eachWithStore,
  listing,
  received,
  largePage,
} from './with-store.ts'

const delivered: ParcelEnd = { kind: 'delivered', receipt: null }
const failed: ParcelEnd = { kind: 'failed', reason: 'no' }

/** Copies that wait here for recipients whose home is not known yet (design section 2.1). */
export function guestCopiesContract(open: () => Promise<Store>): void {
  describe('guest copies', () => {
    const store = eachWithStore(open)
    const route = async (hosts: readonly string[], here = false): Promise<void> => {
      const { forwardings } = forwardedFixture(hosts)
      await store().outbox.finishUnrouted(await claimUnrouted(store()), [{ kind: 'routed', here, forwardings }])
    }
    const deliver = async (...ends: ParcelEnd[]): Promise<void> => {
      for (const end of ends) await store().outbox.finishParcels(await claimParcels(store()), [end], freshDestination)
    }
    const nothingWaits = async (): Promise<void> => {
      expect(await store().outbox.claim({ ...claimLimits, nowMs: nowMs * 2 })).to.equal(null)
      expect(await store().outbox.nextDueAtMs()).to.equal(null)
      expect(await store().outbox.counts()).to.deep.include({ parcels: 0, unrouted: 0 })
    }

    it('can be listed and acknowledged at once, and then look for a home no longer', async () => {
      await accept(store(), [guestFixture()])
      expect(await listing(store())).to.deep.equal(['m1: hello'])
      expect(await store().mailboxes.acknowledge(bob, ['m1'])).to.equal(1)
      await nothingWaits()
      expect(await accept(store(), [guestFixture()])).to.deep.equal(['stored'])
    })

    it('go once they are delivered', async () => {
      await accept(store(), [guestFixture()])
      await route(['hosta'])
      await deliver(delivered)
      await nothingWaits()
      expect(await listing(store())).to.deep.equal([])
      expect(await store().mailboxes.acknowledge(bob, ['m1'])).to.equal(0)
    })

    it('go with the last of several parcels, not with the first', async () => {
      await accept(store(), [guestFixture()])
      await route(['hosta', 'hostb'])
      await deliver(delivered)
      const again = await accept(store(), [guestFixture()])
      expect(again).to.deep.equal(['duplicate'])
      await deliver(delivered)
      expect(await listing(store())).to.deep.equal([])
    })

    it('stay when they were listed here', async () => {
      await accept(store(), [guestFixture()])
      await route(['hosta'])
      expect(await listing(store())).to.deep.equal(['m1: hello'])
      await deliver(delivered)
      await nothingWaits()
      expect(await listing(store())).to.deep.equal(['m1: hello'])
      expect(await store().mailboxes.acknowledge(bob, ['m1'])).to.equal(1)
    })

    it('that were not on the page that was listed go all the same', async () => {
      for (const id of ['m1', 'm2']) await accept(store(), [guestFixture({ messageId: idFixture(id) })])
      await store().mailboxes.list({ owner: bob, box: inbox }, { ...largePage, limit: 1 })
      const { forwardings } = forwardedFixture(['hosta'])
      const group = await claimUnrouted(store())
      const ends = group.messages.map(() => ({ kind: 'routed', here: false, forwardings }) as const)
      await store().outbox.finishUnrouted(group, ends)
      await store().outbox.finishParcels(await claimParcels(store()), [delivered, delivered], freshDestination)
      expect(await listing(store())).to.deep.equal(['m1: hello'])
    })

    it('are on a page or moved, never both, when both happen at once', async () => {
      for (let round = 0; round < 20; round++) {
        const messageId = idFixture(`r${round}`)
        await accept(store(), [guestFixture({ messageId })])
        await route(['hosta'])
        const batch = await claimParcels(store())
        const pages = Promise.all([listing(store()), listing(store())])
        const finishing = store().outbox.finishParcels(batch, [delivered], freshDestination)
        const shown = (await pages).flat()
        await finishing
        const left = await listing(store())
        if (shown.length > 0) expect(left).to.deep.equal([`${messageId}: hello`])
        await store().mailboxes.acknowledge(bob, [messageId])
      }
    })

    it('take their parcels with them when acknowledged', async () => {
      await accept(store(), [guestFixture()])
      await route(['hosta', 'hostb'])
      await store().mailboxes.acknowledgeByName(bob, [{ box: inbox, sender: alice, messageId: idFixture('m1') }])
      await nothingWaits()
    })

    it('acknowledged while a parcel is in hand: whatever its end, nothing waits', async () => {
      const ends: ParcelEnd[] = [
        delivered,
        failed,
        { kind: 'retry', atMs: nowMs, reason: 'busy', counts: true },
        { kind: 'reroute', atMs: nowMs, reason: 'moved' },
      ]
      for (const end of ends) {
        await accept(store(), [guestFixture()])
        await route(['hosta'])
        const batch = await claimParcels(store())
        await store().mailboxes.acknowledge(bob, ['m1'])
        await store().outbox.finishParcels(batch, [end], freshDestination)
        await nothingWaits()
        expect((await store().outbox.counts()).failed).to.equal(0)
      }
    })

    it('acknowledged while a look-up is in hand: whatever its end, nothing waits', async () => {
      for (const end of [
        { kind: 'routed', here: false, forwardings: forwardedFixture(['hosta']).forwardings },
        { kind: 'routed', here: true, forwardings: [] },
        { kind: 'postponed', atMs: nowMs, reason: 'none', counts: true },
        { kind: 'failed', reason: 'ERR_NO_ROUTE' },
      ] as const) {
        await accept(store(), [guestFixture()])
        const group = await claimUnrouted(store())
        await store().mailboxes.acknowledge(bob, ['m1'])
        await store().outbox.finishUnrouted(group, [end])
        await nothingWaits()
        expect((await store().outbox.counts()).failed).to.equal(0)
        expect(await listing(store())).to.deep.equal([])
      }
    })

    it('stay when their message failed, and then still count as that message', async () => {
      await accept(store(), [guestFixture()])
      await store().outbox.finishUnrouted(await claimUnrouted(store()), [{ kind: 'failed', reason: 'ERR_NO_ROUTE' }])
      expect(await accept(store(), [guestFixture()])).to.deep.equal(['duplicate'])
      expect(await listing(store())).to.deep.equal(['m1: hello'])
      expect(await store().mailboxes.acknowledge(bob, ['m1'])).to.equal(1)
    })

    it('stay when every parcel failed', async () => {
      await accept(store(), [guestFixture()])
      await route(['hosta', 'hostb'])
      await deliver(failed, failed)
      expect(await store().outbox.counts()).to.deep.include({ parcels: 0, failed: 1 })
      expect(await listing(store())).to.deep.equal(['m1: hello'])
    })

    for (const ends of [
      [delivered, failed],
      [failed, delivered],
    ]) {
      it(`go when one host has them though another refused: ${ends.map(({ kind }) => kind).join(', ')}`, async () => {
        await accept(store(), [guestFixture()])
        await route(['hosta', 'hostb'])
        await deliver(...ends)
        expect(await store().outbox.counts()).to.deep.include({ parcels: 0, failed: 0 })
        expect(await listing(store())).to.deep.equal([])
      })
    }

    it('stay for good when this host turns out to be a home, and so do the parcels for the others', async () => {
      await accept(store(), [guestFixture()])
      await route(['hosta'], true)
      await deliver(delivered)
      expect(await listing(store())).to.deep.equal(['m1: hello'])
    })

    it('whose only home turns out to be here wait for nothing more', async () => {
      await accept(store(), [guestFixture()])
      await route([], true)
      await nothingWaits()
      expect(await accept(store(), [guestFixture()])).to.deep.equal(['duplicate'])
      expect(await listing(store())).to.deep.equal(['m1: hello'])
    })

    it('whose home is here too leave their parcels alone when acknowledged, as any message at home does', async () => {
      await accept(store(), [guestFixture()])
      await route(['hosta'], true)
      await store().mailboxes.acknowledge(bob, ['m1'])
      const [claim] = await claimAll(store())
      expect(claimText(claim ?? null)).to.equal('hosta: m1')
      expect(claim?.kind === 'parcels' && claim.batch.parcels[0]?.message.body).to.equal('hello')
    })

    const confirmations = {
      'a host hands in the same message for this home': () => received(store(), [arrivalFixture()]),
      'its sender sends it again for this home': () => accept(store(), [placementFixture()]),
    }
    for (const [name, confirm] of Object.entries(confirmations)) {
      it(`stay for good when ${name}`, async () => {
        await accept(store(), [guestFixture()])
        await route(['hosta'])
        expect(await confirm()).to.deep.equal(['duplicate'])
        await deliver(delivered)
        expect(await listing(store())).to.deep.equal(['m1: hello'])
      })
    }
  })
}
