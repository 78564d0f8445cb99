import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type { MessageRef } from '../message.ts'
import type { Placement } from '../ports/mailbox-store.ts'
import { mostHashedBytes, type FoundRecord } from '../ports/message-records.ts'
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
import { accept, claimLimits, claimParcels, claimUnrouted, eachWithStore, listing, largePage } from './with-store.ts'

const receipt = {
  ...{ storedAtMs: nowMs + 1, bodyHash: 'ab'.repeat(32), index: 1 },
  answer: { leaves: ['01'.repeat(32), '02'.repeat(32)], signatureHex: '3044' },
}
const delivered: ParcelEnd = { kind: 'delivered', receipt }
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const failed: ParcelEnd = { kind: 'failed', reason: 'ERR_NO' }
const retry: ParcelEnd = { kind: 'retry', atMs: nowMs + 5, reason: 'ERR_BUSY', counts: true }

/** What a store knows of what it accepted: each message has one end, and keeps it until it is forgotten. */
export function messageRecordsContract(open: () => Promise<Store>): void {
  describe('records', () => {
    const store = eachWithStore(open)
    const put = async (placement: Placement): Promise<MessageRef> => {
      const [kept] = await store().mailboxes.accept([placement])
      if (kept?.ref == null) throw new Error('kept, and no ref')
      return kept.ref
    }
    const findAll = async (refs: readonly MessageRef[]): Promise<(FoundRecord | null)[]> =>
      (await store().records.find(refs)).map((found) => {
        if (found !== null && 'kind' in found) throw new Error(found.kind)
        return found
      })
    const find = async (ref: MessageRef): Promise<FoundRecord | null> => (await findAll([ref]))[0] ?? null
    const stateOf = async (ref: MessageRef): Promise<string> => (await find(ref))?.state ?? 'none'
    const finish = async (...ends: ParcelEnd[]): Promise<void> => {
      for (const end of ends) await store().outbox.finishParcels(await claimParcels(store()), [end], freshDestination)
    }
    const route = async (hosts: readonly string[], here = false): Promise<void> => {
      const { forwardings } = forwardedFixture(hosts)
      await store().outbox.finishUnrouted(await claimUnrouted(store()), [{ kind: 'routed', here, forwardings }])
    }
    const noHome = async (): Promise<void> =>
      store().outbox.finishUnrouted(await claimUnrouted(store()), [{ kind: 'failed', reason: 'ERR_NO_ROUTE' }])

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

    describe('of what no host takes', () => {
      const notice = (id = 'n1'): Placement =>
        placementFixture({
          recipient: alice,
          sender: destinationFixture('this host').hostKey,
          messageId: idFixture(id),
        })
      const returned = (id: number, message: Placement | null = notice()) =>
        ({ id, end: { kind: 'returned', notice: message } }) as const
      const notices = (): Promise<string[]> => listing(store(), { owner: alice, box: inbox })
      const undelivered = async () => (await store().outbox.undelivered(10))[0]

      it('waits for its sender to be told, and is then returned, with one notice however often that is said', async () => {
        const ref = await put(forwardedFixture(['hosta']))
        await finish(failed)
        expect(await stateOf(ref)).to.equal('waiting')
        const found = await undelivered()
        expect(found?.record).to.deep.include({ messageId: 'm1', sender: alice, reason: 'ERR_NO', attempts: 1 })
        const id = found?.id ?? 0
        expect(await store().outbox.finishReturns([returned(id)])).to.deep.equal([true])
        expect(await notices()).to.deep.equal(['n1: hello'])
        expect(await find(ref)).to.deep.include({ state: 'returned', reason: 'ERR_NO', nextAttemptAtMs: null })
        await store().mailboxes.acknowledge(alice, ['n1'])
        expect(await store().outbox.finishReturns([returned(id, notice('n2'))])).to.deep.equal([false])
        expect(await notices()).to.deep.equal([])
        expect(await undelivered()).to.equal(undefined)
      })

      it('only once all have refused, and not when one has it', async () => {
        await put(forwardedFixture(['hosta', 'hostb']))
        await finish(failed)
        expect(await undelivered()).to.equal(undefined)
        await finish(delivered)
        expect(await undelivered()).to.equal(undefined)
        await put(forwardedFixture(['hosta', 'hostb'], { messageId: idFixture('m2') }))
        await finish(failed, failed)
        expect((await undelivered())?.record.messageId).to.equal('m2')
      })

      it('a notice that goes elsewhere can be claimed', async () => {
        await put(forwardedFixture(['hosta']))
        await finish(failed)
        const elsewhere = forwardedFixture(['hostb'], { recipient: alice, messageId: idFixture('n1') })
        await store().outbox.finishReturns([returned((await undelivered())?.id ?? 0, elsewhere)])
        const batch = await claimParcels(store())
        expect(batch.destination).to.deep.equal(destinationFixture('hostb'))
      })

      it("takes a guest's copy along, and the same message with the same envelope can be sent again", async () => {
        const guest = guestFixture({ envelope: envelopeFixture('e') })
        const ref = await put(guest)
        await noHome()
        await store().outbox.finishReturns([returned((await undelivered())?.id ?? 0)])
        expect(await stateOf(ref)).to.equal('returned')
        expect(await listing(store())).to.deep.equal([])
        expect(await accept(store(), [guest])).to.deep.equal(['stored'])
      })

      it('is delivered after all when its guest was listed here, before or after its last host refused', async () => {
        for (const isBefore of [true, false]) {
          const messageId = idFixture(isBefore ? 'm1' : 'm2')
          const ref = await put(guestFixture({ messageId }))
          if (isBefore) await listing(store())
          await noHome()
          if (isBefore) expect(await undelivered()).to.equal(undefined)
          else {
            const { id = 0 } = (await undelivered()) ?? {}
            await listing(store())
            expect(await store().outbox.finishReturns([returned(id)])).to.deep.equal([false])
          }
          expect(await find(ref)).to.deep.include({ state: 'delivered', isHere: true })
          expect(await notices()).to.deep.equal([])
          await store().mailboxes.acknowledge(bob, [messageId])
          expect(await stateOf(ref)).to.equal('acknowledged')
        }
      })

      it('is acknowledged when its guest was acknowledged here before its sender was told', async () => {
        const ref = await put(guestFixture())
        await noHome()
        const { id = 0 } = (await undelivered()) ?? {}
        await store().mailboxes.acknowledge(bob, ['m1'])
        expect(await store().outbox.finishReturns([returned(id)])).to.deep.equal([false])
        expect(await stateOf(ref)).to.equal('acknowledged')
        expect(await notices()).to.deep.equal([])
      })

      it('comes here as a message like any other when it is to be kept, and had no copy here', async () => {
        const ref = await put(forwardedFixture(['hosta']))
        const end = { kind: 'failed', reason: 'ERR_NO' } as const
        await store().outbox.finishParcels(await claimParcels(store()), [end], freshDestination)
        const { id = 0 } = (await undelivered()) ?? {}
        expect(await store().outbox.finishReturns([{ id, end: { kind: 'kept' } }])).to.deep.equal([false])
        expect(await stateOf(ref)).to.equal('delivered')
        expect(await listing(store())).to.deep.equal(['m1: hello'])
        expect(await undelivered()).to.equal(undefined)
      })

      it('stays here as a message like any other when it is to be kept', async () => {
        const ref = await put(guestFixture())
        await noHome()
        const { id = 0 } = (await undelivered()) ?? {}
        expect(await store().outbox.finishReturns([{ id, end: { kind: 'kept' } }])).to.deep.equal([false])
        expect(await stateOf(ref)).to.equal('delivered')
        expect(await listing(store())).to.deep.equal(['m1: hello'])
      })
    })

    describe('of what has waited for too long', () => {
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

    describe('of what waits for long', () => {
      const delayed = async (beforeMs = nowMs): Promise<string[]> =>
        (await store().outbox.delayed(beforeMs, 100)).messages.map(({ record }) => record.messageId)
      const notice = (id: string) =>
        placementFixture({
          recipient: alice,
          sender: destinationFixture('this host').hostKey,
          messageId: idFixture(id),
        })

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
