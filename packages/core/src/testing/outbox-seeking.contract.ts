import { expect } from 'chai'
import type { MessageRef } from '../message.ts'
import type { Placement } from '../ports/mailbox-store.ts'
import { freshDestination, type UnroutedEnd } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import {
  bob,
  envelopeFixture,
  fixtureNowMs as nowMs,
  forwardedFixture,
  idFixture,
  messageFixture,
  placementFixture,
  requestFixture,
  seekingFixture,
} from './fixtures.ts'
import { accept, claimAll, claimParcels, claimText, claimUnrouted, eachWithStore, listing } from './with-store.ts'

/** A message that is at home here, and goes to the other homes that turn up: never twice here, and with no end to tell of. */
export function seekingContract(open: () => Promise<Store>): void {
  describe('looking for other homes', () => {
    const store = eachWithStore(open)
    const put = async (placement: Placement): Promise<MessageRef> => {
      const [kept] = await store().mailboxes.accept([placement])
      if (kept?.ref == null) throw new Error('kept, and no ref')
      return kept.ref
    }
    const end = async (one: UnroutedEnd): Promise<void> =>
      store().outbox.finishUnrouted(await claimUnrouted(store()), [one])
    const found = (hosts: readonly string[]): Promise<void> =>
      end({ kind: 'routed', here: true, forwardings: forwardedFixture(hosts).forwardings })
    const stateOf = async (ref: MessageRef): Promise<string> => {
      const [record = null] = await store().records.find([ref])
      return record === null ? 'none' : 'kind' in record ? record.kind : record.state
    }
    const nothingWaits = async (): Promise<void> => {
      expect(await store().outbox.counts()).to.deep.equal({
        ...{ parcels: 0, unrouted: 0, failed: 0, oldestAcceptedAtMs: null },
      })
      expect(await store().outbox.undelivered(10)).to.deep.equal([])
      expect(await store().outbox.delayed(Infinity, 10)).to.deep.include({ messages: [] })
    }

    it('is listed at once, and looked up at once, as what needs no proof any more', async () => {
      const message = { envelope: envelopeFixture('e'), body: 'whole' }
      await put(seekingFixture(message))
      expect(await listing(store())).to.deep.equal(['m1: whole'])
      expect(await store().outbox.nextDueAtMs()).to.equal(nowMs)
      const { messages } = await claimUnrouted(store())
      expect(messages[0]).to.deep.include({ isHome: true, unverified: null, attempts: 0, acceptedAtMs: nowMs })
    })

    it('tells what waits for its first home apart', async () => {
      await accept(store(), [forwardedFixture(['hosta'])])
      const reroute = { kind: 'reroute', atMs: nowMs, reason: 'not hosted here' } as const
      await store().outbox.finishParcels(await claimParcels(store()), [reroute], freshDestination)
      expect((await claimUnrouted(store())).messages[0]).to.deep.include({ isHome: false })
    })

    for (const isAcknowledged of [false, true]) {
      const when = isAcknowledged ? 'also after it was acknowledged here' : 'while it waits here'
      it(`takes the whole message to each other home, ${when}, and leaves this box alone`, async () => {
        const message = { body: 'whole', request: requestFixture('r') }
        await put(seekingFixture(message))
        if (isAcknowledged) expect(await store().mailboxes.acknowledge(bob, ['m1'])).to.equal(1)
        await found(['hosta', 'hostb'])
        const claims = await claimAll(store())
        expect(claims.map(claimText).toSorted()).to.deep.equal(['hosta: m1', 'hostb: m1'])
        for (const claim of claims) {
          if (claim.kind !== 'parcels') throw new Error('not parcels')
          expect(claim.batch.parcels[0]?.message).to.deep.equal(messageFixture(message))
          await store().outbox.finishParcels(claim.batch, [{ kind: 'delivered', receipt: null }], freshDestination)
        }
        expect(await listing(store())).to.deep.equal(isAcknowledged ? [] : ['m1: whole'])
        await nothingWaits()
      })
    }

    it('does not come back when another home sends its message back to the look-up after it was acknowledged here', async () => {
      await put({ ...forwardedFixture(['hosta']), here: 'home' })
      const reroute = { kind: 'reroute', atMs: nowMs, reason: 'not hosted here' } as const
      await store().outbox.finishParcels(await claimParcels(store()), [reroute], freshDestination)
      await store().mailboxes.acknowledge(bob, ['m1'])
      await found([])
      expect(await listing(store())).to.deep.equal([])
    })

    const endings: { name: string; way: () => Promise<unknown> }[] = [
      { name: 'there is no other', way: () => found([]) },
      { name: 'it is given up', way: () => store().outbox.expire(nowMs + 1) },
      { name: 'an operator bounces it', way: () => changeAll('bounce') },
      { name: 'an operator purges it', way: () => changeAll('purge') },
      { name: 'the other home refuses it for good', way: () => refused() },
    ]
    for (const { name, way } of endings) {
      it(`ends in silence when ${name}`, async () => {
        const ref = await put(seekingFixture())
        await way()
        await nothingWaits()
        expect(await listing(store())).to.deep.equal(['m1: hello'])
        expect(await stateOf(ref)).to.equal('delivered')
      })
    }

    it('looks again when it was put off', async () => {
      await put(seekingFixture())
      await end({ kind: 'postponed', atMs: nowMs + 5, reason: 'down', counts: true })
      expect(await store().outbox.nextDueAtMs()).to.equal(nowMs + 5)
      expect((await claimUnrouted(store(), { nowMs: nowMs + 5 })).messages[0]).to.deep.include({ attempts: 1 })
    })

    it('is told of by its place here, by its first handle and by that of a repeat, whatever is found', async () => {
      const ref = await put(seekingFixture())
      expect(ref.kind).to.equal('kept')
      expect(await put(seekingFixture())).to.deep.equal(ref)
      await found([])
      expect(await put(seekingFixture())).to.deep.equal(ref)
      expect(await stateOf(ref)).to.equal('delivered')
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await stateOf(ref)).to.equal('none')
    })

    it('is one message when it is sent again meanwhile, also after it was acknowledged here', async () => {
      await put(seekingFixture())
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await accept(store(), [seekingFixture()])).to.deep.equal(['duplicate'])
      expect(await listing(store())).to.deep.equal([])
      await found([])
      expect(await accept(store(), [seekingFixture()])).to.deep.equal(['stored'])
      expect(await listing(store())).to.deep.equal(['m1: hello'])
    })

    it('is only for what is at home here, and not on its way yet', async () => {
      for (const placement of [
        placementFixture({}, { here: 'guest', seeksOthers: true }),
        { ...forwardedFixture(['hosta']), seeksOthers: true },
        { ...forwardedFixture(['hosta']), here: 'home' as const, seeksOthers: true },
      ]) {
        const fault = await accept(store(), [placement]).catch((error: unknown) => error)
        expect(fault).to.be.instanceOf(RangeError)
      }
    })

    it('takes several at a time', async () => {
      const ids = ['m1', 'm2', 'm3']
      await accept(
        store(),
        ids.map((id) => seekingFixture({ messageId: idFixture(id) })),
      )
      expect((await claimAll(store())).map(claimText)).to.deep.equal(['unrouted: m1 m2 m3'])
    })

    async function changeAll(change: 'bounce' | 'purge'): Promise<void> {
      const waiting = await store().queue.list({ after: 0, limit: 10, hostKey: null, sender: null })
      expect(waiting).to.have.length(1)
      await store().queue.change(
        waiting.map(({ id }) => id),
        change,
        nowMs,
      )
    }

    async function refused(): Promise<void> {
      await found(['hosta'])
      const final = { kind: 'failed', reason: 'ERR_DELIVERY_BLOCKED' } as const
      await store().outbox.finishParcels(await claimParcels(store()), [final], freshDestination)
    }
  })
}
