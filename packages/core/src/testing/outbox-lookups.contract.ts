import { expect } from 'chai'
import type { Store } from '../ports/store.ts'
import {
  alice,
  bob,
  boxFixture,
  carol,
  envelopeFixture,
  fixtureNowMs as nowMs,
  forwardedFixture,
  guestFixture,
  idFixture,
  messageFixture,
  requestFixture,
} from './fixtures.ts'
import { accept, claimAll, claimLimits, claimText, claimUnrouted, eachWithStore } from './with-store.ts'

/** Part of the outbox contract: messages whose home is not known. */
export function lookupsContract(open: () => Promise<Store>): void {
  describe('messages that look for a home', () => {
    const store = eachWithStore(open)
    const claimed = async (limits: Partial<typeof claimLimits> = {}): Promise<string> =>
      claimText(await store().outbox.claim({ ...claimLimits, ...limits }))

    it('are claimed by recipient, and hold what a look-up needs', async () => {
      await accept(store(), [guestFixture({ envelope: envelopeFixture('e') })])
      await accept(store(), [guestFixture({ messageId: idFixture('c1'), recipient: carol }, nowMs + 1)])
      await accept(store(), [guestFixture({ messageId: idFixture('m2'), box: boxFixture('b2') })])
      const group = await claimUnrouted(store(), { nowMs: nowMs + 1 })
      expect(group.recipient).to.equal(bob)
      expect(group.messages.map((message) => ({ ...message, id: 0 }))).to.deep.equal([
        {
          id: 0,
          message: { recipient: bob, box: 'inbox', sender: alice, messageId: 'm1' },
          acceptedAtMs: nowMs,
          unverified: null,
          isHome: false,
          attempts: 0,
        },
        {
          id: 0,
          message: { recipient: bob, box: 'b2', sender: alice, messageId: 'm2' },
          acceptedAtMs: nowMs,
          unverified: null,
          isHome: false,
          attempts: 0,
        },
      ])
      expect(await claimed({ nowMs: nowMs + 1 })).to.equal('unrouted: c1')
      expect(await claimed({ nowMs: nowMs + 1 })).to.equal('nothing')
    })

    it('of one recipient are in one hand only, until finished or released', async () => {
      await accept(store(), [guestFixture()])
      const group = await claimUnrouted(store())
      await accept(store(), [guestFixture({ messageId: idFixture('m2') })])
      expect(await claimed()).to.equal('nothing')
      store().outbox.release({ kind: 'unrouted', group })
      expect(await claimed()).to.equal('unrouted: m1 m2')
    })

    it('are no more than asked for', async () => {
      for (const id of ['m1', 'm2', 'm3']) await accept(store(), [guestFixture({ messageId: idFixture(id) })])
      expect(await claimed({ maxMessages: 2 })).to.equal('unrouted: m1 m2')
    })

    it('postponed, ask again at their time, and count the attempts that count', async () => {
      await accept(store(), [guestFixture()])
      const postpone = async (counts: boolean): Promise<void> => {
        const end = { kind: 'postponed', atMs: nowMs + 60, reason: 'none found', counts } as const
        await store().outbox.finishUnrouted(await claimUnrouted(store(), { nowMs: nowMs + 60 }), [end])
      }
      await postpone(true)
      expect(await claimed({ nowMs: nowMs + 59 })).to.equal('nothing')
      expect(await store().outbox.nextDueAtMs()).to.equal(nowMs + 60)
      await postpone(false)
      const group = await claimUnrouted(store(), { nowMs: nowMs + 60 })
      expect(group.messages[0]?.attempts).to.equal(1)
    })

    it('routed, become a parcel for each host', async () => {
      const message = { body: 'to be carried', request: requestFixture('r') }
      await accept(store(), [guestFixture(message)])
      const { forwardings } = forwardedFixture(['hosta', 'hostb'])
      await store().outbox.finishUnrouted(await claimUnrouted(store()), [{ kind: 'routed', here: false, forwardings }])
      expect(await store().outbox.counts()).to.deep.include({ parcels: 2, unrouted: 0 })
      const claims = await claimAll(store())
      expect(claims.map(claimText).toSorted()).to.deep.equal(['hosta: m1', 'hostb: m1'])
      const parcels = claims.flatMap((claim) => (claim.kind === 'parcels' ? claim.batch.parcels : []))
      for (const parcel of parcels) {
        expect(parcel.message).to.deep.equal(messageFixture(message))
        expect(parcel.acceptedAtMs).to.equal(nowMs)
      }
    })

    it('failed, stay and wait no longer', async () => {
      await accept(store(), [guestFixture()])
      await store().outbox.finishUnrouted(await claimUnrouted(store()), [{ kind: 'failed', reason: 'ERR_NO_ROUTE' }])
      expect(await claimed()).to.equal('nothing')
      expect(await store().outbox.counts()).to.deep.include({ unrouted: 0, failed: 1 })
    })

    it('each have their own end, in order', async () => {
      for (const id of ['m1', 'm2', 'm3']) await accept(store(), [guestFixture({ messageId: idFixture(id) })])
      await store().outbox.finishUnrouted(await claimUnrouted(store()), [
        { kind: 'postponed', atMs: nowMs + 5, reason: 'later', counts: true },
        { kind: 'routed', here: false, forwardings: forwardedFixture(['hosta']).forwardings },
        { kind: 'failed', reason: 'ERR_NO_ROUTE' },
      ])
      expect((await claimAll(store())).map(claimText)).to.deep.equal(['hosta: m2'])
      expect((await claimAll(store(), { nowMs: nowMs + 5 })).map(claimText)).to.deep.equal(['unrouted: m1'])
    })
  })
}
