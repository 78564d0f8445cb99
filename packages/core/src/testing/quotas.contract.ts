import { expect } from 'chai'
import type { Quotas } from '../ports/quotas.ts'
import type { Store } from '../ports/store.ts'
import {
  alice,
  arrivalFixture,
  bob,
  boxFixture,
  carol,
  envelopeFixture,
  fixtureNowMs,
  forwardedFixture,
  forwardIdFixture,
  guestFixture,
  idFixture,
  inbox,
  keyFixture,
  placementFixture,
  seekingFixture,
} from './fixtures.ts'
import { freshDestination } from '../ports/outbox-store.ts'
import { claimParcels, claimUnrouted, eachWithStore, listing, received } from './with-store.ts'

const quotas: Quotas = {
  mailbox: { messages: 3, bytes: 1_000 },
  sender: { messages: 2, bytes: 1_000 },
  memoriesPerOrigin: 5,
}
const to = (recipient = bob, id = 'm1', body = 'hello') =>
  placementFixture({ recipient, messageId: idFixture(id), body })
const from = (id: string, recipient = bob) => arrivalFixture({ recipient, messageId: idFixture(id) })
const ids = (...names: string[]) => names.map((name) => idFixture(name))

/** What a store promises of {@link Quotas}, run once for each adapter. `open` must give an empty store with those. */
export function quotasContract(adapter: string, open: (quotas: Quotas) => Promise<Store>): void {
  describe(`Quotas contract: ${adapter}`, () => {
    const store = eachWithStore(() => open(quotas))
    const accept = async (...placements: Parameters<Store['mailboxes']['accept']>[0]) =>
      (await store().mailboxes.accept(placements)).map(({ outcome }) => outcome)
    const fill = async () => {
      for (const id of ids('a', 'b', 'c')) await accept(to(bob, id))
    }

    describe('a mailbox', () => {
      it('takes so many messages, in whatever boxes, and more when some were acknowledged', async () => {
        await fill()
        const elsewhere = placementFixture({ box: boxFixture('other'), messageId: idFixture('d') })
        expect(await accept(elsewhere)).to.deep.equal(['mailbox full'])
        expect(await listing(store(), { owner: bob, box: boxFixture('other') })).to.deep.equal([])
        await store().mailboxes.acknowledge(bob, ['a'])
        expect(await accept(elsewhere)).to.deep.equal(['stored'])
        expect(await accept(to(bob, 'e'))).to.deep.equal(['mailbox full'])
      })

      it('takes what this host has to tell, however full it is', async () => {
        await fill()
        await store().mailboxes.accept([forwardedFixture(['hosta'], { sender: bob, recipient: carol })])
        const failed = { kind: 'failed', reason: 'ERR_NO' } as const
        await store().outbox.finishParcels(await claimParcels(store()), [failed], freshDestination)
        const [undelivered] = await store().outbox.undelivered(1)
        const notice = placementFixture({ sender: keyFixture('this host'), messageId: idFixture('n1') })
        const ends = [{ id: undelivered?.id ?? 0, end: { kind: 'returned', notice } as const }]
        expect(await store().outbox.finishReturns(ends)).to.deep.equal([true])
        expect(await listing(store())).to.include('n1: hello')
      })

      it('takes so many bytes', async () => {
        expect(await accept(to(bob, 'a', 'ü'.repeat(300)))).to.deep.equal(['stored'])
        expect(await accept(to(bob, 'b', 'x'.repeat(401)))).to.deep.equal(['mailbox full'])
        expect(await accept(to(bob, 'b', 'x'.repeat(400)))).to.deep.equal(['stored'])
        await store().mailboxes.acknowledge(bob, ['a'])
        expect(await accept(to(bob, 'c', 'x'.repeat(600)))).to.deep.equal(['stored'])
      })

      it('that is full stands in nobody else’s way', async () => {
        await fill()
        expect(await accept(to(carol))).to.deep.equal(['stored'])
      })

      it('that is full still knows a repeat', async () => {
        await fill()
        expect(await accept(to(bob, 'a'))).to.deep.equal(['duplicate'])
        expect(await accept(to(bob, 'a', 'another body'))).to.deep.equal(['conflict'])
      })

      it('takes all of a send or nothing, and remembers nothing of what it refused', async () => {
        await fill()
        const envelope = envelopeFixture('to carol')
        const toCarol = placementFixture({ recipient: carol, messageId: idFixture('d'), envelope })
        expect(await accept(toCarol, to(bob, 'd'))).to.deep.equal(['stored', 'mailbox full'])
        expect(await listing(store(), { owner: carol, box: inbox })).to.deep.equal([])
        expect(await accept(toCarol)).to.deep.equal(['stored'])
      })

      it('counts every message of a send', async () => {
        await accept(to(bob, 'a'))
        const outcomes = await accept(to(bob, 'b'), to(bob, 'c'), to(bob, 'd'))
        expect(outcomes).to.deep.equal(['stored', 'stored', 'mailbox full'])
        expect(await listing(store())).to.deep.equal(['a: hello'])
      })

      it('refuses what a host hands in for itself alone, and takes it when there is room', async () => {
        await fill()
        const toBob = arrivalFixture({ messageId: idFixture('d'), envelope: envelopeFixture('to bob') })
        expect(await received(store(), [toBob, from('e', carol)])).to.deep.equal(['mailbox full', 'stored'])
        await store().mailboxes.acknowledge(bob, ['a'])
        expect(await received(store(), [toBob, from('f')])).to.deep.equal(['stored', 'mailbox full'])
      })

      it('has room again when a guest’s copy moved on', async () => {
        await accept(guestFixture({ messageId: idFixture('a') }))
        await accept(to(bob, 'b'), to(bob, 'c'))
        expect(await accept(to(bob, 'd'))).to.deep.equal(['mailbox full'])
        const group = await claimUnrouted(store())
        const forwardings = forwardedFixture(['hostb']).forwardings
        await store().outbox.finishUnrouted(group, [{ kind: 'routed', here: false, forwardings }])
        await deliver(store())
        expect(await accept(to(bob, 'd'))).to.deep.equal(['stored'])
      })
    })

    describe('a sender', () => {
      const forwarded = (id: string, sender = alice) =>
        forwardedFixture(['hostb'], { messageId: idFixture(id), sender })

      it('may have so many messages on their way out, and more when some were delivered', async () => {
        await accept(forwarded('a'))
        await accept(guestFixture({ messageId: idFixture('b') }))
        expect(await accept(forwarded('c'))).to.deep.equal(['sender full'])
        expect(await accept(guestFixture({ messageId: idFixture('c') }))).to.deep.equal(['sender full'])
        await deliver(store())
        expect(await accept(forwarded('c'))).to.deep.equal(['stored'])
        expect(await accept(forwarded('d'))).to.deep.equal(['sender full'])
      })

      it('may have so many bytes on their way out', async () => {
        const long = (id: string) => forwardedFixture(['hostb'], { messageId: idFixture(id), body: 'x'.repeat(600) })
        expect(await accept(long('a'))).to.deep.equal(['stored'])
        expect(await accept(long('b'))).to.deep.equal(['sender full'])
      })

      it('that has too much on its way still writes to whoever is at home here, and stands in nobody’s way', async () => {
        await accept(forwarded('a'), forwarded('b'))
        expect(await accept(to(carol))).to.deep.equal(['stored'])
        expect(await accept(forwarded('c', carol))).to.deep.equal(['stored'])
      })

      it('is not counted for what is at home here while it seeks other homes, and is for what found one', async () => {
        const seeking = (id: string) => seekingFixture({ messageId: idFixture(id) })
        expect(await accept(seeking('a'))).to.deep.equal(['stored'])
        await accept(forwarded('b'))
        expect(await accept(forwarded('c'))).to.deep.equal(['stored'])
        expect(await accept(seeking('d'))).to.deep.equal(['stored'])
        await deliver(store())
        const group = await claimUnrouted(store())
        const found = { kind: 'routed', here: true, forwardings: forwardedFixture(['hostb']).forwardings } as const
        const none = { kind: 'routed', here: true, forwardings: [] } as const
        await store().outbox.finishUnrouted(group, [found, none])
        expect(await accept(forwarded('e'))).to.deep.equal(['stored'])
        expect(await accept(forwarded('f'))).to.deep.equal(['sender full'])
        await store().mailboxes.acknowledge(bob, ['a', 'd'])
        await deliver(store())
        expect(await accept(forwarded('f'), forwarded('g'))).to.deep.equal(['stored', 'stored'])
      })

      it('is counted no longer for what failed, or what the recipient acknowledged here', async () => {
        await accept(guestFixture({ messageId: idFixture('a') }))
        await accept(forwarded('b'))
        await store().mailboxes.acknowledge(bob, ['a'])
        expect(await accept(forwarded('c'))).to.deep.equal(['stored'])
        const batch = await claimParcels(store())
        const ends = batch.parcels.map(() => ({ kind: 'failed', reason: 'never' }) as const)
        await store().outbox.finishParcels(batch, ends, freshDestination)
        expect(await accept(forwarded('d'), forwarded('e'))).to.deep.equal(['stored', 'stored'])
      })
    })

    describe('what is remembered of a host', () => {
      const acknowledgedFrom = async (id: string, timeMs = fixtureNowMs) => {
        const forwardId = forwardIdFixture(id, timeMs)
        const outcomes = await received(store(), [arrivalFixture({ messageId: idFixture(id) }, { forwardId })])
        await store().mailboxes.acknowledge(bob, [id])
        return outcomes
      }

      it('is so much at a time, none of it forgotten early, and none of another host’s', async () => {
        for (const id of ['a', 'b', 'c', 'd', 'e']) expect(await acknowledgedFrom(id)).to.deep.equal(['stored'])
        expect(await acknowledgedFrom('f')).to.deep.equal(['origin full'])
        expect(await listing(store())).to.deep.equal([])
        expect(await acknowledgedFrom('a')).to.deep.equal(['duplicate'])
        const other = arrivalFixture({ messageId: idFixture('f') }, { originHost: keyFixture('hostc') })
        expect(await received(store(), [other])).to.deep.equal(['stored'])
      })

      it('grows again when old ones were forgotten', async () => {
        for (const id of ['a', 'b', 'c', 'd', 'e']) await acknowledgedFrom(id, fixtureNowMs - 10)
        await store().mailboxes.forget(fixtureNowMs)
        expect(await acknowledgedFrom('f')).to.deep.equal(['stored'])
      })
    })
  })
}

async function deliver(store: Store): Promise<void> {
  const batch = await claimParcels(store)
  await store.outbox.finishParcels(
    batch,
    batch.parcels.map(() => ({ kind: 'delivered', receipt: null }) as const),
    freshDestination,
  )
}
