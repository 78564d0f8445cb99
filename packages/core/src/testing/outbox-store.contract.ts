import { expect } from 'chai'
import { freshDestination, type ParcelEnd } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import {
  destinationFixture,
  envelopeFixture,
  fixtureNowMs as nowMs,
  forwardedFixture,
  forwardIdFixture,
  guestFixture,
  idFixture,
  messageFixture,
  placementFixture,
  requestFixture,
} from './fixtures.ts'
import { messageRecordsContract } from './message-records.contract.ts'
import { destinationsContract } from './outbox-destinations.contract.ts'
import { guestCopiesContract } from './outbox-guest-copies.contract.ts'
import { longWaitsContract } from './outbox-long-waits.contract.ts'
import { lookupsContract } from './outbox-lookups.contract.ts'
import { reroutingContract } from './outbox-rerouting.contract.ts'
import { returnsContract } from './outbox-returns.contract.ts'
import { seekingContract } from './outbox-seeking.contract.ts'
import { setBackContract } from './outbox-set-back.contract.ts'
import { wakingContract } from './outbox-waking.contract.ts'
import { accept, claimAll, claimLimits, claimParcels, claimText, eachWithStore } from './with-store.ts'

const delivered: ParcelEnd = { kind: 'delivered', receipt: null }
const retry = (atMs: number, counts = true): ParcelEnd => ({ kind: 'retry', atMs, reason: 'busy', counts })

/** The promises of `OutboxStore`, run once for each adapter. `open` must give an empty store. */
export function outboxStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`OutboxStore contract: ${adapter}`, () => {
    const send = async (store: Store, host: string, ids: string, acceptedAtMs = nowMs): Promise<void> => {
      for (const id of ids.split(' ')) {
        await accept(store, [forwardedFixture([host], { messageId: idFixture(id) }, acceptedAtMs)])
      }
    }
    const claimed = async (store: Store, limits: Partial<typeof claimLimits> = {}): Promise<string> =>
      claimText(await store.outbox.claim({ ...claimLimits, ...limits }))

    describe('claims of parcels', () => {
      const store = eachWithStore(open)

      it('there is nothing to claim in an empty outbox', async () => {
        expect(await claimed(store())).to.equal('nothing')
        expect(await store().outbox.nextDueAtMs()).to.equal(null)
      })

      it('a parcel holds all of its message', async () => {
        const message = { contentType: 'application/json', body: '{"ü":1}', envelope: envelopeFixture('e') } as const
        await accept(store(), [forwardedFixture(['hosta'], message)])
        const batch = await claimParcels(store())
        expect(batch.destination).to.deep.equal(destinationFixture('hosta'))
        expect(batch.failures).to.equal(0)
        const [parcel] = batch.parcels
        expect({ ...parcel, id: 0 }).to.deep.equal({
          id: 0,
          message: messageFixture(message),
          forwardId: forwardIdFixture('hosta m1'),
          acceptedAtMs: nowMs,
          attempts: 0,
        })
      })

      it('a parcel holds the request of its sender, and counts what that takes on the wire', async () => {
        const requested = { ...requestFixture('r'), payload: new Uint8Array(300).fill(7) }
        for (const messageId of ['m1', 'm2', 'm3'].map(idFixture)) {
          await accept(store(), [forwardedFixture(['hosta'], { messageId, request: requested })])
        }
        const batch = await claimParcels(store(), { maxBytes: 800 })
        expect(batch.parcels.map(({ message }) => message.messageId)).to.deep.equal(['m1', 'm2'])
        expect(batch.parcels[0]?.message.request).to.deep.equal(requested)
      })

      it('are of one destination each, oldest first', async () => {
        await send(store(), 'hosta', 'a1 a2')
        await send(store(), 'hostb', 'b1')
        await send(store(), 'hosta', 'a3')
        const claims = await claimAll(store())
        expect(claims.map(claimText).toSorted()).to.deep.equal(['hosta: a1 a2 a3', 'hostb: b1'])
      })

      it('one destination is in one hand only, until it is finished', async () => {
        await send(store(), 'hosta', 'a1')
        const first = await claimParcels(store())
        await send(store(), 'hosta', 'a2')
        expect(await claimed(store())).to.equal('nothing')
        expect(await store().outbox.nextDueAtMs()).to.equal(null)
        await store().outbox.finishParcels(first, [delivered], freshDestination)
        expect(await claimed(store())).to.equal('hosta: a2')
      })

      it('hosts of one key at two origins are two destinations', async () => {
        const moved = { ...destinationFixture('hosta'), origin: destinationFixture('elsewhere').origin }
        await send(store(), 'hosta', 'a1')
        const forwardings = [{ destination: moved, forwardId: forwardIdFixture('moved') }]
        await accept(store(), [placementFixture({ messageId: idFixture('a2') }, { here: 'none', forwardings })])
        expect((await claimAll(store())).map(claimText).toSorted()).to.deep.equal(['elsewhere: a2', 'hosta: a1'])
      })

      it('what has been due longest comes first', async () => {
        await send(store(), 'hosta', 'a1', nowMs - 1)
        await send(store(), 'hostb', 'b1', nowMs - 3)
        await accept(store(), [guestFixture({ messageId: idFixture('g1') }, nowMs - 2)])
        expect((await claimAll(store())).map(claimText)).to.deep.equal(['hostb: b1', 'unrouted: g1', 'hosta: a1'])
      })

      it('hold no more messages than asked for', async () => {
        await send(store(), 'hosta', 'a1 a2 a3')
        const batch = await claimParcels(store(), { maxMessages: 2 })
        expect(claimText({ kind: 'parcels', batch })).to.equal('hosta: a1 a2')
        await store().outbox.finishParcels(batch, [delivered, delivered], freshDestination)
        expect(await claimed(store(), { maxMessages: 2 })).to.equal('hosta: a3')
      })

      const sizes = [
        { name: 'as many as fit', sizes: [40, 60, 1], batches: ['m0 m1', 'm2'] },
        { name: 'a large one goes alone', sizes: [101, 1, 1], batches: ['m0', 'm1 m2'] },
        { name: 'a large one waits for its turn', sizes: [1, 500, 1], batches: ['m0', 'm1', 'm2'] },
        { name: 'bytes count, not characters', sizes: [-30, -30], batches: ['m0', 'm1'] },
      ]
      for (const { name, sizes: bytes, batches } of sizes) {
        it(`hold no more bytes than asked for: ${name}`, async () => {
          for (const [index, size] of bytes.entries()) {
            const body = size < 0 ? 'é'.repeat(-size) : 'x'.repeat(size)
            await accept(store(), [forwardedFixture(['hosta'], { messageId: idFixture(`m${index}`), body })])
          }
          for (const expected of batches) {
            const batch = await claimParcels(store(), { maxBytes: 100 })
            expect(batch.parcels.map(({ message }) => message.messageId).join(' ')).to.equal(expected)
            await store().outbox.finishParcels(
              batch,
              batch.parcels.map(() => delivered),
              freshDestination,
            )
          }
        })
      }

      it('given back unchanged, they can be claimed again', async () => {
        await send(store(), 'hosta', 'a1')
        const claim = await store().outbox.claim(claimLimits)
        expect(claimText(claim)).to.equal('hosta: a1')
        store().outbox.release(claim!)
        store().outbox.release(claim!)
        const batch = await claimParcels(store())
        expect(batch.parcels[0]?.attempts).to.equal(0)
      })

      it('a release after the finish takes nothing out of the next hand', async () => {
        await send(store(), 'hosta', 'a1')
        const batch = await claimParcels(store())
        await store().outbox.finishParcels(batch, [delivered], freshDestination)
        await send(store(), 'hosta', 'a2')
        expect(await claimed(store())).to.equal('hosta: a2')
        store().outbox.release({ kind: 'parcels', batch })
        expect(await claimed(store())).to.equal('nothing')
      })
    })

    describe('what becomes of parcels', () => {
      const store = eachWithStore(open)

      it('delivered ones are gone', async () => {
        await send(store(), 'hosta', 'a1 a2')
        await store().outbox.finishParcels(await claimParcels(store()), [delivered, delivered], freshDestination)
        expect(await claimed(store())).to.equal('nothing')
        expect(await store().outbox.counts()).to.deep.equal({
          parcels: 0,
          unrouted: 0,
          failed: 0,
          oldestAcceptedAtMs: null,
        })
      })

      it('each has its own end, in order', async () => {
        await send(store(), 'hosta', 'a1 a2 a3')
        const ends: ParcelEnd[] = [retry(nowMs + 10), delivered, retry(nowMs + 5)]
        await store().outbox.finishParcels(await claimParcels(store()), ends, freshDestination)
        expect(await store().outbox.nextDueAtMs()).to.equal(nowMs + 5)
        expect(await claimed(store(), { nowMs: nowMs + 4 })).to.equal('nothing')
        expect(await claimed(store(), { nowMs: nowMs + 5 })).to.equal('hosta: a3')
      })

      it('put off for one parcel alone, the others go on', async () => {
        await send(store(), 'hosta', 'a1')
        await store().outbox.finishParcels(await claimParcels(store()), [retry(nowMs + 10)], freshDestination)
        await send(store(), 'hosta', 'a2')
        expect(await claimed(store())).to.equal('hosta: a2')
      })

      it('put off parcels that are due again come with the others, oldest first', async () => {
        await send(store(), 'hosta', 'a1')
        await store().outbox.finishParcels(await claimParcels(store()), [retry(nowMs + 10)], freshDestination)
        await send(store(), 'hosta', 'a2')
        expect(await claimed(store(), { nowMs: nowMs + 10 })).to.equal('hosta: a1 a2')
      })

      it('a steady stream of new ones does not keep out one that was put off', async () => {
        await send(store(), 'hosta', 'old')
        await store().outbox.finishParcels(await claimParcels(store()), [retry(nowMs + 10)], freshDestination)
        await send(store(), 'hosta', 'n1 n2 n3', nowMs + 20)
        expect(await claimed(store(), { nowMs: nowMs + 20, maxMessages: 2 })).to.equal('hosta: old n1')
      })

      it('attempts are counted where they count', async () => {
        await send(store(), 'hosta', 'a1')
        for (const [counts, attempts] of [
          [true, 1],
          [false, 1],
          [true, 2],
        ] as const) {
          await store().outbox.finishParcels(await claimParcels(store()), [retry(nowMs, counts)], freshDestination)
          const batch = await claimParcels(store())
          expect(batch.parcels[0]?.attempts).to.equal(attempts)
          store().outbox.release({ kind: 'parcels', batch })
        }
      })

      it('failed ones stay, wait no longer, and the same identity can be sent again', async () => {
        await send(store(), 'hosta', 'a1')
        await store().outbox.finishParcels(
          await claimParcels(store()),
          [{ kind: 'failed', reason: 'no' }],
          freshDestination,
        )
        expect(await claimed(store())).to.equal('nothing')
        expect(await store().outbox.nextDueAtMs()).to.equal(null)
        expect(await store().outbox.counts()).to.deep.equal({
          parcels: 0,
          unrouted: 0,
          failed: 1,
          oldestAcceptedAtMs: null,
        })
        const again = forwardedFixture(['hosta'], { messageId: idFixture('a1'), body: 'other' })
        expect(await accept(store(), [again])).to.deep.equal(['stored'])
        expect(await claimed(store())).to.equal('hosta: a1')
      })

      it('finishing again what is finished changes nothing', async () => {
        await send(store(), 'hosta', 'a1')
        const batch = await claimParcels(store())
        await store().outbox.finishParcels(batch, [delivered], freshDestination)
        await send(store(), 'hosta', 'a2')
        await store().outbox.finishParcels(batch, [{ kind: 'failed', reason: 'late' }], freshDestination)
        expect((await store().outbox.counts()).failed).to.equal(0)
        expect(await claimed(store())).to.equal('hosta: a2')
      })
    })

    destinationsContract(open)
    lookupsContract(open)
    messageRecordsContract(open)
    returnsContract(open)
    longWaitsContract(open)
    guestCopiesContract(open)
    reroutingContract(open)
    seekingContract(open)
    wakingContract(open)
    setBackContract(open)

    describe('counts', () => {
      const store = eachWithStore(open)

      it('tell what waits, what failed, and since when the oldest waits', async () => {
        await send(store(), 'hosta', 'a1', nowMs - 30)
        await send(store(), 'hosta', 'a2', nowMs - 20)
        await send(store(), 'hostb', 'b1', nowMs - 10)
        await accept(store(), [guestFixture({ messageId: idFixture('g1') })])
        expect(await store().outbox.counts()).to.deep.equal({
          parcels: 3,
          unrouted: 1,
          failed: 0,
          oldestAcceptedAtMs: nowMs - 30,
        })
        const ends: ParcelEnd[] = [{ kind: 'failed', reason: 'no' }, delivered]
        await store().outbox.finishParcels(await claimParcels(store()), ends, freshDestination)
        expect(await store().outbox.counts()).to.deep.equal({
          parcels: 1,
          unrouted: 1,
          failed: 1,
          oldestAcceptedAtMs: nowMs - 10,
        })
      })
    })
  })
}
