import { expect } from 'chai'
import { freshDestination, type ParcelEnd } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import { destinationFixture, fixtureNowMs as nowMs, forwardedFixture, idFixture } from './fixtures.ts'
import { accept, claimAll, claimLimits, claimParcels, claimText, eachWithStore } from './with-store.ts'

const delivered: ParcelEnd = { kind: 'delivered', receipt: null }
const retry = (atMs: number, counts = true): ParcelEnd => ({ kind: 'retry', atMs, reason: 'busy', counts })
const failing = (failures: number, nextAttemptAtMs: number) => ({ failures, nextAttemptAtMs, reason: 'down' })

/** Part of the outbox contract: hosts that fail, are probed, and come back. */
export function destinationsContract(open: () => Promise<Store>): void {
  describe('destinations', () => {
    const store = eachWithStore(open)
    const claimed = async (limits: Partial<typeof claimLimits> = {}): Promise<string> =>
      claimText(await store().outbox.claim({ ...claimLimits, ...limits }))
    const send = async (host: string, ids: string): Promise<void> => {
      for (const id of ids.split(' ')) await accept(store(), [forwardedFixture([host], { messageId: idFixture(id) })])
    }
    const fail = async (failures: number, atMs: number): Promise<void> => {
      const batch = await claimParcels(store())
      const ends = batch.parcels.map(() => retry(nowMs, false))
      await store().outbox.finishParcels(batch, ends, failing(failures, atMs))
    }

    it('that failed are asked for nothing before their time, and cost the others nothing', async () => {
      await send('hosta', 'a1')
      await fail(1, nowMs + 100)
      await send('hosta', 'a2')
      await send('hostb', 'b1')
      expect((await claimAll(store(), { nowMs: nowMs + 99 })).map(claimText)).to.deep.equal(['hostb: b1'])
      expect(await store().outbox.nextDueAtMs()).to.equal(nowMs + 100)
      expect(await claimed({ nowMs: nowMs + 100 })).to.equal('hosta: a1')
    })

    it('that failed get one parcel as a probe, and all again after a good call', async () => {
      await send('hosta', 'a1 a2 a3')
      await fail(2, nowMs)
      const probe = await claimParcels(store())
      expect(probe.failures).to.equal(2)
      expect(claimText({ kind: 'parcels', batch: probe })).to.equal('hosta: a1')
      await store().outbox.finishParcels(probe, [delivered], freshDestination)
      const batch = await claimParcels(store())
      expect(batch.failures).to.equal(0)
      expect(claimText({ kind: 'parcels', batch })).to.equal('hosta: a2 a3')
    })

    it('keep their failures while nothing waits for them', async () => {
      await send('hosta', 'a1')
      const batch = await claimParcels(store())
      await store().outbox.finishParcels(batch, [{ kind: 'failed', reason: 'old' }], failing(3, nowMs + 50))
      await send('hosta', 'a2')
      expect(await claimed()).to.equal('nothing')
      expect(await store().outbox.nextDueAtMs()).to.equal(nowMs + 50)
      expect((await claimParcels(store(), { nowMs: nowMs + 50 })).failures).to.equal(3)
    })

    it('woken, get their probe now, and only one', async () => {
      await send('hosta', 'a1 a2')
      await fail(1, nowMs + 3_600_000)
      expect(await store().outbox.wake(destinationFixture('hosta').hostKey, nowMs)).to.equal(true)
      expect(await store().outbox.nextDueAtMs()).to.be.at.most(nowMs)
      const probe = await claimParcels(store())
      expect(claimText({ kind: 'parcels', batch: probe })).to.equal('hosta: a1')
      expect(probe.failures).to.equal(1)
      await store().outbox.finishParcels(probe, [retry(nowMs, false)], failing(2, nowMs + 3_600_000))
      expect(await claimed()).to.equal('nothing')
    })

    it('woken, leave what was put off for one parcel alone to its own time', async () => {
      await send('hosta', 'a1 a2')
      const batch = await claimParcels(store())
      await store().outbox.finishParcels(batch, [retry(nowMs + 500), retry(nowMs)], failing(1, nowMs + 900))
      expect(await store().outbox.wake(destinationFixture('hosta').hostKey, nowMs)).to.equal(true)
      expect(await claimed()).to.equal('hosta: a2')
    })

    it('woken while nothing waits for them, keep nothing waiting that comes later', async () => {
      await send('hosta', 'a1')
      const batch = await claimParcels(store())
      await store().outbox.finishParcels(batch, [{ kind: 'failed', reason: 'old' }], failing(1, nowMs + 900))
      expect(await store().outbox.wake(destinationFixture('hosta').hostKey, nowMs)).to.equal(false)
      await send('hosta', 'a2')
      expect(await claimed()).to.equal('hosta: a2')
    })

    it('woken while a call to them is under way that fails, are tried again at once', async () => {
      await send('hosta', 'a1')
      const batch = await claimParcels(store())
      await store().outbox.wake(destinationFixture('hosta').hostKey, nowMs)
      await store().outbox.finishParcels(batch, [retry(nowMs)], failing(1, nowMs + 3_600_000))
      expect(await claimed()).to.equal('hosta: a1')
    })

    it('wake is false where nothing waits for a later time', async () => {
      const { hostKey } = destinationFixture('hosta')
      expect(await store().outbox.wake(hostKey, nowMs)).to.equal(false)
      await send('hosta', 'a1')
      expect(await store().outbox.wake(hostKey, nowMs)).to.equal(false)
      await fail(1, nowMs + 100)
      expect(await store().outbox.wake(destinationFixture('hostb').hostKey, nowMs)).to.equal(false)
      expect(await store().outbox.wake(hostKey, nowMs)).to.equal(true)
      expect(await store().outbox.wake(hostKey, nowMs)).to.equal(false)
    })

    it('of two hosts of one message, each settles its own parcel', async () => {
      await accept(store(), [forwardedFixture(['hosta', 'hostb'])])
      const claims = await claimAll(store())
      expect(claims.map(claimText).toSorted()).to.deep.equal(['hosta: m1', 'hostb: m1'])
      const [first, second] = claims.map((claim) => (claim.kind === 'parcels' ? claim.batch : null))
      await store().outbox.finishParcels(first!, [delivered], freshDestination)
      expect((await store().outbox.counts()).parcels).to.equal(1)
      expect(await accept(store(), [forwardedFixture(['hostc'])])).to.deep.equal(['duplicate'])
      await store().outbox.finishParcels(second!, [retry(nowMs + 5)], freshDestination)
      expect(await claimed({ nowMs: nowMs + 5 })).to.equal(claimText(claims[1]!))
    })

    it('there can be ten thousand of them', async () => {
      const names = Array.from({ length: 10_000 }, (_, index) => `host${index}`)
      await Promise.all(
        names.map((name, n) => accept(store(), [forwardedFixture([name], { messageId: idFixture(`m${n}`) })])),
      )
      let claims = 0
      for (; ; claims++) {
        const claim = await store().outbox.claim(claimLimits)
        if (claim?.kind !== 'parcels') break
        if (claims % 1_000 === 0) await store().outbox.finishParcels(claim.batch, [delivered], freshDestination)
      }
      expect(claims).to.equal(10_000)
      expect(await store().outbox.counts()).to.deep.include({ parcels: 9_990 })
    }).timeout(30_000)
  })
}
