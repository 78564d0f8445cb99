import { expect } from 'chai'
import { freshDestination } from '../ports/outbox-store.ts'
import type { QueueChange } from '../ports/queue-store.ts'
import type { Store } from '../ports/store.ts'
import {
  alice,
  bob,
  carol,
  destinationFixture,
  fixtureNowMs,
  forwardedFixture,
  guestFixture,
  idFixture,
  keyFixture,
} from './fixtures.ts'
import { claimAll, claimLimits, claimParcels, claimText, eachWithStore, listing } from './with-store.ts'

const minuteMs = 60_000
const everything: Parameters<Store['queue']['list']>[0] = { after: 0, limit: 100, hostKey: null, sender: null }

/** The promises of `QueueStore`, run once for each adapter. `open` must give an empty store. */
export function queueStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`QueueStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)
    const forward = (id: string, names: readonly string[] = ['hosta'], acceptedAtMs = fixtureNowMs, sender = alice) =>
      store().mailboxes.accept([forwardedFixture(names, { messageId: idFixture(id), sender }, acceptedAtMs)])
    const seek = (id: string) => store().mailboxes.accept([guestFixture({ messageId: idFixture(id) })])
    const list = async (ask: Partial<typeof everything> = {}) => {
      const found = await store().queue.list({ ...everything, ...ask })
      return found.map(({ record, isHeld }) => record.messageId + (isHeld ? ' held' : ''))
    }
    const change = async (change: QueueChange, ...ids: string[]) => {
      const found = await store().queue.list(everything)
      const meant = found.filter(({ record }) => ids.includes(record.messageId)).map(({ id }) => id)
      return await store().queue.change(meant, change, fixtureNowMs)
    }
    const claimed = async (nowMs = fixtureNowMs) =>
      (await claimAll(store(), { nowMs })).map((claim) => claimText(claim))

    it('tells what waits by destination and age, and what looks for a home', async () => {
      await forward('a', ['hosta', 'hostb'], fixtureNowMs - 10 * minuteMs)
      await forward('b', ['hosta'], fixtureNowMs - minuteMs)
      await forward('c')
      await seek('d')
      await change('hold', 'b')
      const found = await store().queue.byDestination({ nowMs: fixtureNowMs, agesMs: [minuteMs, 5 * minuteMs] })
      expect(
        found.map(({ destination, messages, held, bytes, byAge, oldestAcceptedAtMs }) => ({
          ...{ to: destination?.hostKey ?? null, messages, held, bytes, byAge },
          oldestMs: fixtureNowMs - oldestAcceptedAtMs,
        })),
      ).to.deep.equal([
        { to: keyFixture('hosta'), messages: 3, held: 1, bytes: 15, byAge: [1, 1, 1], oldestMs: 10 * minuteMs },
        { to: keyFixture('hostb'), messages: 1, held: 0, bytes: 5, byAge: [0, 0, 1], oldestMs: 10 * minuteMs },
        { to: null, messages: 1, held: 0, bytes: 5, byAge: [1, 0, 0], oldestMs: 0 },
      ])
    })

    it('tells how a destination stands', async () => {
      await forward('a')
      const batch = await claimParcels(store())
      const state = { failures: 2, nextAttemptAtMs: fixtureNowMs + 5, reason: 'no answer' }
      await store().outbox.finishParcels(
        batch,
        [{ kind: 'retry', atMs: fixtureNowMs, reason: 'no answer', counts: false }],
        state,
      )
      const [queue] = await store().queue.byDestination({ nowMs: fixtureNowMs, agesMs: [] })
      expect(queue).to.deep.include({ destination: destinationFixture('hosta'), state, byAge: [1] })
    })

    it('lists what waits, the oldest first, page by page, to a host or from a sender, and finds one', async () => {
      await forward('a')
      await forward('b', ['hostb'], fixtureNowMs, carol)
      await seek('c')
      expect(await list()).to.deep.equal(['a', 'b', 'c'])
      const [first] = await store().queue.list({ ...everything, limit: 1 })
      expect(await list({ after: first?.id ?? 0, limit: 1 })).to.deep.equal(['b'])
      expect(await list({ hostKey: keyFixture('hosta') })).to.deep.equal(['a'])
      expect(await list({ sender: carol })).to.deep.equal(['b'])
      expect(await list({ sender: keyFixture('nobody') })).to.deep.equal([])
      const found = await store().queue.find(first?.id ?? 0)
      expect(found?.record).to.include({ messageId: 'a', sender: alice, recipient: bob, state: 'waiting' })
      expect(found).to.include({ bodyBytes: 5, isHeld: false })
      expect(await store().queue.find(999_999)).to.equal(null)
    })

    it('lists nothing that waits no longer', async () => {
      await forward('a')
      const batch = await claimParcels(store())
      await store().outbox.finishParcels(batch, [{ kind: 'delivered', receipt: null }], freshDestination)
      expect(await list()).to.deep.equal([])
      expect(await store().queue.byDestination({ nowMs: fixtureNowMs, agesMs: [] })).to.deep.equal([])
    })

    it('holds messages, so that no lane gets them and nothing is due, until they are let go', async () => {
      await forward('a')
      await forward('b')
      await seek('c')
      expect(await change('hold', 'a', 'c')).to.equal(2)
      expect(await change('hold', 'a', 'c')).to.equal(0)
      expect(await list()).to.deep.equal(['a held', 'b', 'c held'])
      expect(await claimed(fixtureNowMs + 1e12)).to.deep.equal(['hosta: b'])
      expect(await store().outbox.nextDueAtMs()).to.equal(null)
      const [held] = await store().queue.list(everything)
      expect(held?.record.nextAttemptAtMs).to.equal(null)
      expect(await change('release', 'a', 'b', 'c')).to.equal(2)
      expect(await list()).to.deep.equal(['a', 'b', 'c'])
      expect(await store().outbox.nextDueAtMs()).to.equal(fixtureNowMs)
    })

    it('keeps holding what was in a lane’s hands, and did not get through', async () => {
      await forward('a')
      const batch = await claimParcels(store())
      await change('hold', 'a')
      const end = { kind: 'retry', atMs: fixtureNowMs + 1, reason: 'busy', counts: true } as const
      await store().outbox.finishParcels(batch, [end], freshDestination)
      expect(await list()).to.deep.equal(['a held'])
      expect(await claimed(fixtureNowMs + 10)).to.deep.equal([])
    })

    it('makes due at once what was put off, and ends the pause of its host', async () => {
      await forward('a')
      const batch = await claimParcels(store())
      const later = fixtureNowMs + minuteMs
      const state = { failures: 3, nextAttemptAtMs: later, reason: 'no answer' }
      await store().outbox.finishParcels(batch, [{ kind: 'retry', atMs: later, reason: 'busy', counts: true }], state)
      expect(await store().outbox.claim(claimLimits)).to.equal(null)
      expect(await change('retry', 'a')).to.equal(1)
      expect(claimText(await store().outbox.claim(claimLimits))).to.equal('hosta: a')
    })

    it('does not make due what is held', async () => {
      await forward('a')
      await change('hold', 'a')
      expect(await change('retry', 'a')).to.equal(0)
      expect(await claimed()).to.deep.equal([])
    })

    it('gives up what is bounced, for its sender to be told', async () => {
      await forward('a')
      await seek('b')
      expect(await change('bounce', 'a', 'b')).to.equal(2)
      expect(await claimed(fixtureNowMs + 1e12)).to.deep.equal([])
      expect(await list()).to.deep.equal([])
      const undelivered = await store().outbox.undelivered(10)
      expect(undelivered.map(({ record }) => [record.messageId, record.reason])).to.deep.equal([
        ['a', 'ERR_RETURNED_BY_OPERATOR'],
        ['b', 'ERR_RETURNED_BY_OPERATOR'],
      ])
    })

    it('gives up what is purged, and nobody is to be told', async () => {
      await forward('a')
      await seek('b')
      expect(await change('purge', 'a', 'b')).to.equal(2)
      expect(await list()).to.deep.equal([])
      expect(await store().outbox.undelivered(10)).to.deep.equal([])
      expect(await listing(store())).to.deep.equal([])
    })
  })
}
