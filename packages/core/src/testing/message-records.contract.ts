import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type { MessageRef } from '../message.ts'
import type { Placement } from '../ports/mailbox-store.ts'
import { mostHashedBytes } from '../ports/message-records.ts'
import { freshDestination, type ParcelEnd } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import {
  alice,
  bob,
  destinationFixture,
  envelopeFixture,
  fixtureNowMs as nowMs,
  forwardedFixture,
  forwardIdFixture,
  guestFixture,
  idFixture,
  inbox,
  placementFixture,
} from './fixtures.ts'
import { delivered, eachWithRecords, failed, receipt } from './with-records.ts'
import { claimLimits, claimParcels, claimUnrouted, largePage, listing } from './with-store.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const retry: ParcelEnd = { kind: 'retry', atMs: nowMs + 5, reason: 'ERR_BUSY', counts: true }

/** What a store knows of what it accepted: each message has one end, and keeps it until it is forgotten. */
export function messageRecordsContract(open: () => Promise<Store>): void {
  describe('records', () => {
    const { store, put, find, findAll, stateOf, finish } = eachWithRecords(open)
    const route = async (hosts: readonly string[], here = false): Promise<void> => {
      const { forwardings } = forwardedFixture(hosts)
      await store().outbox.finishUnrouted(await claimUnrouted(store()), [{ kind: 'routed', here, forwardings }])
    }

    it('a message at home here is delivered, and then acknowledged', async () => {
      const ref = await put(placementFixture())
      expect(await find(ref)).to.deep.equal({
        ...{ sender: alice, recipient: bob, box: inbox, messageId: 'm1', acceptedAtMs: nowMs, state: 'delivered' },
        ...{ settledAtMs: null, isHere: true, attempts: 0, reason: null, nextAttemptAtMs: null, destinations: [] },
        ...{ removal: null, bodyHash: sha256('hello') },
      })
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await find(ref)).to.equal(null)
    })

    it('the bodies of one question are hashed up to a bound, and one that is larger alone', async () => {
      const body = 'x'.repeat(mostHashedBytes / 2)
      const ids = ['m1', 'm2', 'm3'].map((id) => idFixture(id))
      const refs = [
        await put(placementFixture({ messageId: ids[0]!, body })),
        await put({ ...forwardedFixture(['hosta'], { messageId: ids[1]!, body }), here: 'home' }),
        await put(placementFixture({ messageId: ids[2]!, body: 'small' })),
        await put(placementFixture({ messageId: idFixture('m4'), body: `${body}${body}!` })),
      ]
      const hashes = async (asked: readonly MessageRef[]) => (await findAll(asked)).map((record) => record?.bodyHash)
      expect(await hashes(refs)).to.deep.equal([sha256(body), sha256(body), null, null])
      expect(await hashes(refs.slice(2))).to.deep.equal([sha256('small'), null])
      expect(await hashes(refs.slice(3))).to.deep.equal([sha256(`${body}${body}!`)])
    })

    it('a message on its way waits, with its attempts, its last reason and its next time', async () => {
      const ref = await put(forwardedFixture(['hosta']))
      expect(await find(ref)).to.deep.include({ state: 'waiting', attempts: 0, nextAttemptAtMs: nowMs, isHere: false })
      await finish(retry)
      expect(await find(ref)).to.deep.include({
        ...{ state: 'waiting', attempts: 1, reason: 'ERR_BUSY', nextAttemptAtMs: nowMs + 5, settledAtMs: null },
        destinations: [
          {
            ...{ destination: destinationFixture('hosta'), forwardId: forwardIdFixture('hosta m1'), state: 'waiting' },
            ...{ attempts: 1, reason: 'ERR_BUSY', receipt: null },
          },
        ],
      })
    })

    it('a message behind a host that is down shows the calls that failed there', async () => {
      const ref = await put(forwardedFixture(['hosta']))
      const state = { failures: 3, nextAttemptAtMs: nowMs + 900, reason: 'connection refused' }
      const end: ParcelEnd = { kind: 'retry', atMs: nowMs, reason: 'connection refused', counts: false }
      await store().outbox.finishParcels(await claimParcels(store()), [end], state)
      const shown = { attempts: 3, reason: 'connection refused', nextAttemptAtMs: nowMs + 900 }
      expect(await find(ref)).to.deep.include(shown)
    })

    it('a delivered message keeps its destination and its receipt', async () => {
      const ref = await put(forwardedFixture(['hosta']))
      await finish(delivered)
      const record = await find(ref)
      expect(record).to.deep.include({ state: 'delivered', isHere: false, nextAttemptAtMs: null, reason: null })
      expect(record?.settledAtMs).to.be.a('number')
      expect(record?.destinations).to.deep.include.members([
        {
          ...{ destination: destinationFixture('hosta'), forwardId: forwardIdFixture('hosta m1'), state: 'delivered' },
          ...{ attempts: 0, reason: null, receipt },
        },
      ])
    })

    it('a guest waits, is delivered once it was listed here, and acknowledged once it was acknowledged', async () => {
      const ref = await put(guestFixture())
      expect(await find(ref)).to.deep.include({ state: 'waiting', isHere: false, nextAttemptAtMs: nowMs })
      await listing(store())
      expect(await find(ref)).to.deep.include({ state: 'delivered', bodyHash: sha256('hello') })
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await find(ref)).to.deep.include({ state: 'acknowledged', isHere: false, nextAttemptAtMs: null })
    })

    it('a guest acknowledged on its way to two hosts is acknowledged, whatever they say later', async () => {
      const ref = await put(guestFixture())
      await route(['hosta', 'hostb'])
      const batch = await claimParcels(store())
      await store().mailboxes.acknowledge(bob, ['m1'])
      await store().outbox.finishParcels(batch, [failed], freshDestination)
      expect(await stateOf(ref)).to.equal('acknowledged')
    })

    it('a guest that was moved to its home is delivered; one that was listed before is so here too', async () => {
      const [moved, listed] = [await put(guestFixture()), await put(guestFixture({ messageId: idFixture('m2') }))]
      const { forwardings } = forwardedFixture(['hosta'])
      const group = await claimUnrouted(store())
      const routed = { kind: 'routed', here: false, forwardings } as const
      await store().outbox.finishUnrouted(group, [routed, routed])
      await store().mailboxes.list({ owner: bob, box: inbox }, { ...largePage, after: 1, limit: 1 })
      await store().outbox.finishParcels(await claimParcels(store()), [delivered, delivered], freshDestination)
      expect(await find(moved)).to.deep.include({ state: 'delivered', isHere: false })
      expect(await find(listed)).to.deep.include({ state: 'delivered', isHere: true })
      await store().mailboxes.acknowledge(bob, ['m2'])
      expect(await stateOf(listed)).to.equal('acknowledged')
    })

    it('a message at home here and elsewhere is delivered, and acknowledged, whatever the other home says', async () => {
      const ref = await put({ ...forwardedFixture(['hosta']), here: 'home' })
      expect(await find(ref)).to.deep.include({ state: 'delivered', isHere: true })
      await finish(failed)
      expect(await stateOf(ref)).to.equal('delivered')
      expect(await store().outbox.undelivered(10)).to.deep.equal([])
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await stateOf(ref)).to.equal('acknowledged')
    })

    it('a message that was brought home here is delivered, and acknowledged', async () => {
      for (const [messageId, placement] of [
        ['m1', guestFixture()],
        ['m2', forwardedFixture(['hosta'], { messageId: idFixture('m2') })],
      ] as const) {
        const ref = await put(placement)
        if (messageId === 'm2') await finish({ kind: 'reroute', atMs: nowMs, reason: 'moved' })
        await route([], true)
        expect(await find(ref)).to.deep.include({ state: 'delivered', isHere: true })
        await store().mailboxes.acknowledge(bob, [messageId])
        expect(await stateOf(ref)).to.equal('acknowledged')
      }
    })

    const repeats: [name: string, placement: Placement][] = [
      ['at home here', placementFixture()],
      ['a guest', guestFixture()],
      ['on its way', forwardedFixture(['hosta'])],
    ]
    for (const [name, placement] of repeats) {
      it(`a repeat of what waits is known by what came first: ${name}`, async () => {
        const first = await put(placement)
        expect(await put({ ...placement, acceptedAtMs: nowMs + 1 })).to.deep.equal(first)
      })
    }

    it('a repeat of what waits no longer has nothing to be known by', async () => {
      const enveloped = placementFixture({ envelope: envelopeFixture('e') })
      await put(enveloped)
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await store().mailboxes.accept([enveloped])).to.deep.equal([{ outcome: 'duplicate', ref: null }])
    })

    it('answers in order, and nothing for what there never was or was another one', async () => {
      const refs = [
        await put(placementFixture()),
        await put(forwardedFixture(['hosta'], { messageId: idFixture('m2') })),
      ]
      const wrong = refs.flatMap((ref) => [
        { ...ref, id: ref.id + 77n },
        { ...ref, acceptedAtMs: nowMs + 1 },
      ])
      const ids = (await findAll([...wrong, ...refs])).map((record) => record?.messageId ?? null)
      expect(ids).to.deep.equal([null, null, null, null, 'm1', 'm2'])
    })

    it('settled ones are forgotten by the time of their end, and what waits is not', async () => {
      const settled = await put(forwardedFixture(['hosta']))
      await finish(delivered)
      const waiting = await put(forwardedFixture(['hosta'], { messageId: idFixture('m2') }))
      const { settledAtMs } = (await find(settled)) ?? {}
      const bodiesBeforeMs = (settledAtMs ?? 0) + 1
      expect(await store().outbox.prune({ settledBeforeMs: settledAtMs ?? 0, bodiesBeforeMs })).to.equal(false)
      expect(await stateOf(settled)).to.equal('delivered')
      expect(await store().outbox.prune({ settledBeforeMs: bodiesBeforeMs, bodiesBeforeMs })).to.equal(false)
      expect(await stateOf(settled)).to.equal('none')
      expect(await stateOf(waiting)).to.equal('waiting')
      expect((await claimParcels(store())).parcels[0]?.message.body).to.equal('hello')
      expect(await store().outbox.claim(claimLimits)).to.equal(null)
    })
  })
}
