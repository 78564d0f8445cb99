import { expect } from 'chai'
import type { MessageRef } from '../message.ts'
import { freshDestination } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import { alice, fixtureNowMs as nowMs, forwardedFixture, guestFixture, idFixture, inbox } from './fixtures.ts'
import { delivered, eachWithRecords, notice } from './with-records.ts'
import { claimLimits, claimParcels, claimUnrouted, listing } from './with-store.ts'

/** Part of the outbox contract: what waits for long is told to its sender, and what waits for too long is given up. */
export function longWaitsContract(open: () => Promise<Store>): void {
  describe('records of what has waited for too long', () => {
    const { store, put, stateOf } = eachWithRecords(open)
    const undelivered = async (): Promise<string[]> =>
      (await store().outbox.undelivered(100)).map(({ record }) => `${record.messageId}: ${record.reason}`)
    const send = (id: string, acceptedAtMs: number): Promise<MessageRef> =>
      put(forwardedFixture(['hosta'], { messageId: idFixture(id) }, acceptedAtMs))
    const down = async (): Promise<void> => {
      const state = { failures: 1, nextAttemptAtMs: nowMs * 2, reason: 'connection refused' }
      const batch = await claimParcels(store())
      const ends = batch.parcels.map(() => ({ kind: 'retry', atMs: nowMs, reason: 'busy', counts: false }) as const)
      await store().outbox.finishParcels(batch, ends, state)
    }

    it('is given up, behind a host that is down too, and what is younger is not', async () => {
      await send('m1', nowMs - 9)
      await down()
      await send('m2', nowMs - 8)
      await store().mailboxes.accept([guestFixture({ messageId: idFixture('m3') }, nowMs - 7)])
      await send('m4', nowMs)
      while (await store().outbox.expire(nowMs));
      const reasons = ['m1: ERR_EXPIRED: busy', 'm2: ERR_EXPIRED: connection refused', 'm3: ERR_NO_ROUTE']
      expect(await undelivered()).to.deep.equal(reasons)
      expect(await store().outbox.counts()).to.deep.include({ parcels: 1, unrouted: 0 })
    })

    it('is left to whoever has it in hand', async () => {
      const ref = await send('m1', nowMs - 9)
      await store().mailboxes.accept([guestFixture({ messageId: idFixture('m2') }, nowMs - 9)])
      const [parcels, group] = [await claimParcels(store()), await claimUnrouted(store())]
      while (await store().outbox.expire(nowMs));
      expect(await undelivered()).to.deep.equal([])
      await store().outbox.finishParcels(parcels, [delivered], freshDestination)
      await store().outbox.finishUnrouted(group, [{ kind: 'routed', here: true, forwardings: [] }])
      expect(await stateOf(ref)).to.equal('delivered')
    })

    it('gets into nobody’s hands while it is given up', async () => {
      await send('m1', nowMs - 9)
      const expiring = store().outbox.expire(nowMs)
      const claim = store().outbox.claim(claimLimits)
      await expiring
      expect(await claim).to.equal(null)
      expect(await undelivered()).to.deep.equal(['m1: ERR_EXPIRED'])
    })

    it('is delivered when its guest was listed here', async () => {
      const ref = await put(guestFixture({}, nowMs - 9))
      await listing(store())
      while (await store().outbox.expire(nowMs));
      expect(await stateOf(ref)).to.equal('delivered')
      expect(await undelivered()).to.deep.equal([])
    })
  })

  describe('records of what waits for long', () => {
    const { store, put } = eachWithRecords(open)
    const delayed = async (beforeMs = nowMs): Promise<string[]> =>
      (await store().outbox.delayed(beforeMs, 100)).messages.map(({ record }) => record.messageId)

    it('is told once each, oldest first, and only of what still waits', async () => {
      for (const [index, id] of ['m1', 'm2', 'm3'].entries()) {
        await put(forwardedFixture(['hosta'], { messageId: idFixture(id) }, nowMs - 9 + index))
      }
      await put(guestFixture({ messageId: idFixture('m4') }, nowMs))
      const batch = await claimParcels(store(), { maxMessages: 1 })
      await store().outbox.finishParcels(batch, [delivered], freshDestination)
      expect(await delayed()).to.deep.equal(['m2', 'm3'])
      const { messages, upTo } = await store().outbox.delayed(nowMs, 100)
      const ids = messages.map(({ id }) => id)
      const notices = [
        { id: ids[0] ?? 0, notice: notice('n2') },
        { id: batch.parcels[0]?.id ?? 0, notice: notice('n1') },
      ]
      expect(await store().outbox.finishDelays(upTo ?? 0, notices)).to.deep.equal([true, false])
      expect(await listing(store(), { owner: alice, box: inbox })).to.deep.equal(['n2: hello'])
      expect(await store().outbox.delayed(nowMs, 100)).to.deep.equal({ messages: [], upTo: null })
      expect(await delayed(nowMs + 1)).to.deep.equal(['m4'])
    })

    it('is not told of a guest that was listed here', async () => {
      await put(guestFixture({}, nowMs - 9))
      await listing(store())
      expect(await delayed()).to.deep.equal([])
    })
  })
}
