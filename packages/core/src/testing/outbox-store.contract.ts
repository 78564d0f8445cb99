import { expect } from 'chai'
import { freshDestination, type ParcelEnd } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import {
  alice,
  bob,
  boxFixture,
  carol,
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
import { guestCopiesContract } from './outbox-guest-copies.contract.ts'
import { reroutingContract } from './outbox-rerouting.contract.ts'
import { seekingContract } from './outbox-seeking.contract.ts'
import { setBackContract } from './outbox-set-back.contract.ts'
import { wakingContract } from './outbox-waking.contract.ts'
import { accept, claimAll, claimLimits, claimParcels, claimText, claimUnrouted, eachWithStore } from './with-store.ts'

const delivered: ParcelEnd = { kind: 'delivered', receipt: null }
const retry = (atMs: number, counts = true): ParcelEnd => ({ kind: 'retry', atMs, reason: 'busy', counts })
const failing = (failures: number, nextAttemptAtMs: number) => ({ failures, nextAttemptAtMs, reason: 'down' })

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

    describe('destinations', () => {
      const store = eachWithStore(open)
      const fail = async (failures: number, atMs: number): Promise<void> => {
        const batch = await claimParcels(store())
        const ends = batch.parcels.map(() => retry(nowMs, false))
        await store().outbox.finishParcels(batch, ends, failing(failures, atMs))
      }

      it('that failed are asked for nothing before their time, and cost the others nothing', async () => {
        await send(store(), 'hosta', 'a1')
        await fail(1, nowMs + 100)
        await send(store(), 'hosta', 'a2')
        await send(store(), 'hostb', 'b1')
        expect((await claimAll(store(), { nowMs: nowMs + 99 })).map(claimText)).to.deep.equal(['hostb: b1'])
        expect(await store().outbox.nextDueAtMs()).to.equal(nowMs + 100)
        expect(await claimed(store(), { nowMs: nowMs + 100 })).to.equal('hosta: a1')
      })

      it('that failed get one parcel as a probe, and all again after a good call', async () => {
        await send(store(), 'hosta', 'a1 a2 a3')
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
        await send(store(), 'hosta', 'a1')
        const batch = await claimParcels(store())
        await store().outbox.finishParcels(batch, [{ kind: 'failed', reason: 'old' }], failing(3, nowMs + 50))
        await send(store(), 'hosta', 'a2')
        expect(await claimed(store())).to.equal('nothing')
        expect(await store().outbox.nextDueAtMs()).to.equal(nowMs + 50)
        expect((await claimParcels(store(), { nowMs: nowMs + 50 })).failures).to.equal(3)
      })

      it('woken, get their probe now, and only one', async () => {
        await send(store(), 'hosta', 'a1 a2')
        await fail(1, nowMs + 3_600_000)
        expect(await store().outbox.wake(destinationFixture('hosta').hostKey, nowMs)).to.equal(true)
        expect(await store().outbox.nextDueAtMs()).to.be.at.most(nowMs)
        const probe = await claimParcels(store())
        expect(claimText({ kind: 'parcels', batch: probe })).to.equal('hosta: a1')
        expect(probe.failures).to.equal(1)
        await store().outbox.finishParcels(probe, [retry(nowMs, false)], failing(2, nowMs + 3_600_000))
        expect(await claimed(store())).to.equal('nothing')
      })

      it('woken, leave what was put off for one parcel alone to its own time', async () => {
        await send(store(), 'hosta', 'a1 a2')
        const batch = await claimParcels(store())
        await store().outbox.finishParcels(batch, [retry(nowMs + 500), retry(nowMs)], failing(1, nowMs + 900))
        expect(await store().outbox.wake(destinationFixture('hosta').hostKey, nowMs)).to.equal(true)
        expect(await claimed(store())).to.equal('hosta: a2')
      })

      it('woken while nothing waits for them, keep nothing waiting that comes later', async () => {
        await send(store(), 'hosta', 'a1')
        const batch = await claimParcels(store())
        await store().outbox.finishParcels(batch, [{ kind: 'failed', reason: 'old' }], failing(1, nowMs + 900))
        expect(await store().outbox.wake(destinationFixture('hosta').hostKey, nowMs)).to.equal(false)
        await send(store(), 'hosta', 'a2')
        expect(await claimed(store())).to.equal('hosta: a2')
      })

      it('woken while a call to them is under way that fails, are tried again at once', async () => {
        await send(store(), 'hosta', 'a1')
        const batch = await claimParcels(store())
        await store().outbox.wake(destinationFixture('hosta').hostKey, nowMs)
        await store().outbox.finishParcels(batch, [retry(nowMs)], failing(1, nowMs + 3_600_000))
        expect(await claimed(store())).to.equal('hosta: a1')
      })

      it('wake is false where nothing waits for a later time', async () => {
        const { hostKey } = destinationFixture('hosta')
        expect(await store().outbox.wake(hostKey, nowMs)).to.equal(false)
        await send(store(), 'hosta', 'a1')
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
        expect(await claimed(store(), { nowMs: nowMs + 5 })).to.equal(claimText(claims[1]!))
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

    describe('messages that look for a home', () => {
      const store = eachWithStore(open)

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
        expect(await claimed(store(), { nowMs: nowMs + 1 })).to.equal('unrouted: c1')
        expect(await claimed(store(), { nowMs: nowMs + 1 })).to.equal('nothing')
      })

      it('of one recipient are in one hand only, until finished or released', async () => {
        await accept(store(), [guestFixture()])
        const group = await claimUnrouted(store())
        await accept(store(), [guestFixture({ messageId: idFixture('m2') })])
        expect(await claimed(store())).to.equal('nothing')
        store().outbox.release({ kind: 'unrouted', group })
        expect(await claimed(store())).to.equal('unrouted: m1 m2')
      })

      it('are no more than asked for', async () => {
        for (const id of ['m1', 'm2', 'm3']) await accept(store(), [guestFixture({ messageId: idFixture(id) })])
        expect(await claimed(store(), { maxMessages: 2 })).to.equal('unrouted: m1 m2')
      })

      it('postponed, ask again at their time, and count the attempts that count', async () => {
        await accept(store(), [guestFixture()])
        const postpone = async (counts: boolean): Promise<void> => {
          const end = { kind: 'postponed', atMs: nowMs + 60, reason: 'none found', counts } as const
          await store().outbox.finishUnrouted(await claimUnrouted(store(), { nowMs: nowMs + 60 }), [end])
        }
        await postpone(true)
        expect(await claimed(store(), { nowMs: nowMs + 59 })).to.equal('nothing')
        expect(await store().outbox.nextDueAtMs()).to.equal(nowMs + 60)
        await postpone(false)
        const group = await claimUnrouted(store(), { nowMs: nowMs + 60 })
        expect(group.messages[0]?.attempts).to.equal(1)
      })

      it('routed, become a parcel for each host', async () => {
        const message = { body: 'to be carried', request: requestFixture('r') }
        await accept(store(), [guestFixture(message)])
        const { forwardings } = forwardedFixture(['hosta', 'hostb'])
        await store().outbox.finishUnrouted(await claimUnrouted(store()), [
          { kind: 'routed', here: false, forwardings },
        ])
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
        expect(await claimed(store())).to.equal('nothing')
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

    messageRecordsContract(open)
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
