import { expect } from 'chai'
import { freshDestination, type ParcelEnd } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import { destinationFixture, fixtureNowMs, forwardedFixture, idFixture, keyFixture } from './fixtures.ts'
import { accept, claimAll, claimLimits, claimParcels, claimText, eachWithStore } from './with-store.ts'

const leastMs = 3_600_000
const receipt = {
  storedAtMs: fixtureNowMs,
  bodyHash: 'ab'.repeat(32),
  index: 0,
  answer: { leaves: ['cd'.repeat(32)], signatureHex: '3006020101020101' },
}
const delivered: ParcelEnd = { kind: 'delivered', receipt }

/** The promises of `ResendStore`, run once for each adapter. `open` must give an empty store whose clock stands at `fixtureNowMs`. */
export function resendStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`ResendStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)
    const send = (id: string, names: readonly string[] = ['hosta']) =>
      accept(store(), [forwardedFixture(names, { messageId: idFixture(id) })])
    const deliver = async (ids: string, end = delivered) => {
      for (const id of ids.split(' ')) await send(id)
      const batch = await claimParcels(store())
      await store().outbox.finishParcels(
        batch,
        batch.parcels.map(() => end),
        freshDestination,
      )
    }
    const note = (log: string, { isAsked = false, nowMs = fixtureNowMs, name = 'hosta' } = {}) =>
      store().resends.noteLog(keyFixture(name), log, { isAsked, nowMs, leastMs })
    const resend = async (): Promise<number> => {
      for (let sum = 0; ;) {
        const { parcels, isMoreLeft } = await store().resends.resendSome(fixtureNowMs)
        sum += parcels
        if (!isMoreLeft) return sum
      }
    }
    /** Delivered to hosta, whose log then begins anew. */
    const lost = async (ids: string): Promise<number> => {
      await note('first')
      await deliver(ids)
      await note('first')
      expect(await note('second')).to.equal('anew')
      return await resend()
    }

    describe('names of logs', () => {
      it('are first, the same, and another only when it is another', async () => {
        await deliver('m1')
        expect(await note('first')).to.equal('first')
        expect(await note('first')).to.equal('same')
        expect(await resend()).to.equal(0)
        expect(await note('second')).to.equal('anew')
        expect(await note('second', { isAsked: true })).to.equal('same')
      })

      it('that come too soon after one that was another change nothing', async () => {
        await deliver('m1')
        await note('first')
        await note('second')
        expect(await note('third', { nowMs: fixtureNowMs + leastMs - 1 })).to.equal('soon')
        expect(await note('second', { nowMs: fixtureNowMs + leastMs - 1 })).to.equal('same')
        expect(await note('third', { nowMs: fixtureNowMs + leastMs })).to.equal('anew')
      })

      it('that a host is asked by are of a log that began anew, the first too', async () => {
        await deliver('m1')
        expect(await note('first', { isAsked: true })).to.equal('anew')
        expect(await resend()).to.equal(1)
      })

      it('of hosts to which nothing was sent are nothing to keep', async () => {
        expect(await note('first', { isAsked: true, name: 'stranger' })).to.equal('first')
        expect(await note('second', { isAsked: true, name: 'stranger' })).to.equal('first')
        expect(await resend()).to.equal(0)
      })
    })

    describe('what a host lost', () => {
      it('waits again, whole, in order, under the same forward ids, and is marked', async () => {
        await note('none yet')
        for (const id of ['m1', 'm2']) await send(id)
        const batch = await claimParcels(store())
        await store().outbox.finishParcels(batch, [delivered, delivered], freshDestination)
        await note('first')
        await note('second')
        expect(await resend()).to.equal(2)
        const again = await claimParcels(store())
        expect(again.destination).to.deep.equal(destinationFixture('hosta'))
        expect(again.parcels).to.deep.equal(batch.parcels.map((parcel) => ({ ...parcel, again: true })))
      })

      it('goes to that host alone, and only what was delivered', async () => {
        await note('first')
        await send('m1', ['hosta', 'hostb'])
        for (const claim of await claimAll(store())) {
          if (claim.kind === 'parcels') await store().outbox.finishParcels(claim.batch, [delivered], freshDestination)
        }
        await deliver('m2', { kind: 'failed', reason: 'ERR_DELIVERY_BLOCKED' })
        await note('first')
        await note('second')
        expect(await resend()).to.equal(1)
        expect((await claimAll(store())).map(claimText)).to.deep.equal(['hosta: m1'])
      })

      const ends: ParcelEnd[] = [
        { kind: 'delivered', receipt: null },
        { kind: 'failed', reason: 'ERR_DELIVERY_BLOCKED' },
        { kind: 'reroute', atMs: fixtureNowMs, reason: 'the advert is gone' },
      ]
      for (const end of ends) {
        it(`and now ${end.kind}, waits no longer, and stays delivered with its first receipt and its time`, async () => {
          await deliver('m0')
          await note('first')
          const [kept] = await store().mailboxes.accept([forwardedFixture(['hosta'], { messageId: idFixture('m1') })])
          const find = async () => (await store().records.find([kept!.ref!]))[0]
          const first = await claimParcels(store())
          await store().outbox.finishParcels(first, [delivered], freshDestination)
          const before = await find()
          await note('second')
          await resend()
          expect(await find(), 'while it waits').to.deep.equal(before)
          const again = await claimParcels(store())
          await store().outbox.finishParcels(again, [end, end], freshDestination)
          expect(await find()).to.deep.equal(before)
          expect(before).to.have.nested.property('destinations[0].receipt').that.deep.equals(receipt)
          expect(await store().outbox.counts()).to.deep.include({ parcels: 0, unrouted: 0, failed: 0 })
          expect(await claimAll(store())).to.deep.equal([])
        })
      }

      it('put off, waits for its time', async () => {
        await lost('m1')
        const retry = { kind: 'retry', atMs: fixtureNowMs + 5, reason: 'full', counts: true } as const
        await store().outbox.finishParcels(await claimParcels(store()), [retry], freshDestination)
        expect(await store().outbox.claim(claimLimits)).to.equal(null)
        expect((await claimParcels(store(), { nowMs: fixtureNowMs + 5 })).parcels).to.have.length(1)
      })

      it('has its body until it went, and then no longer', async () => {
        await lost('m1')
        const never = Number.MAX_SAFE_INTEGER
        await store().outbox.prune({ settledBeforeMs: 0, bodiesBeforeMs: never })
        const [parcel] = (await claimParcels(store())).parcels
        expect(parcel?.message.body).to.equal('hello')
      })

      it('without a body is lost', async () => {
        await deliver('m1')
        await note('first')
        await store().outbox.prune({ settledBeforeMs: 0, bodiesBeforeMs: Number.MAX_SAFE_INTEGER })
        await note('second')
        expect(await resend()).to.equal(0)
      })

      it('is forgotten with its message', async () => {
        await lost('m1')
        await store().outbox.prune({ settledBeforeMs: Number.MAX_SAFE_INTEGER, bodiesBeforeMs: 0 })
        expect(await store().outbox.claim(claimLimits)).to.equal(null)
      })

      it('is given up by no age, and is no reason to tell anybody', async () => {
        await lost('m1')
        await store().outbox.expire(Number.MAX_SAFE_INTEGER)
        expect(await store().outbox.undelivered(10)).to.deep.equal([])
        expect((await claimParcels(store())).parcels).to.have.length(1)
      })

      it('is more than one step can take', async () => {
        await note('first')
        await accept(
          store(),
          Array.from({ length: 1_200 }, (_, n) => forwardedFixture(['hosta'], { messageId: idFixture(`m${n}`) })),
        )
        for (;;) {
          const claim = await store().outbox.claim(claimLimits)
          if (claim?.kind !== 'parcels') break
          await store().outbox.finishParcels(
            claim.batch,
            claim.batch.parcels.map(() => delivered),
            freshDestination,
          )
        }
        await note('first')
        await note('second')
        expect(await resend()).to.equal(1_200)
        expect((await store().outbox.counts()).parcels).to.equal(1_200)
      })
    })

    it('nobody is to hear of a log that never began anew', async () => {
      await deliver('m1')
      expect(await store().resends.nextNewsAtMs()).to.equal(null)
      expect(await store().resends.dueNews(Number.MAX_SAFE_INTEGER, 10)).to.deep.equal([])
    })
  })
}
