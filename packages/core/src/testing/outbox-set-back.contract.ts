import { expect } from 'chai'
import type { Store } from '../ports/store.ts'
import { bob, fixtureNowMs as nowMs, forwardedFixture, guestFixture, idFixture } from './fixtures.ts'
import { accept, claimLimits, claimParcels, claimText, claimUnrouted, eachWithStore } from './with-store.ts'

const longestWaitMs = 60_000
const hourMs = 3_600_000

/** Part of the outbox contract: what was put off by a clock that is then set back. */
export function setBackContract(open: () => Promise<Store>): void {
  describe('after the clock was set back', () => {
    const store = eachWithStore(open)
    const claimed = async (atMs: number): Promise<string> =>
      claimText(await store().outbox.claim({ ...claimLimits, longestWaitMs, nowMs: atMs }))
    const later = { kind: 'retry', atMs: nowMs + 30_000, reason: 'busy', counts: true } as const

    it('what waited is due, and what is put off then waits as ever', async () => {
      await accept(store(), [forwardedFixture(['hosta'])])
      const batch = await claimParcels(store(), { longestWaitMs })
      await store().outbox.finishParcels(batch, [later], {
        ...{ failures: 3, nextAttemptAtMs: nowMs + 20_000, reason: 'down' },
      })
      expect(await claimed(nowMs + 1_000)).to.equal('nothing')
      const again = await claimParcels(store(), { longestWaitMs, nowMs: nowMs - hourMs })
      expect(again.failures).to.equal(3)
      await store().outbox.finishParcels(again, [{ ...later, atMs: nowMs - hourMs + 5_000 }], {
        ...{ failures: 4, nextAttemptAtMs: nowMs - hourMs + 7_000, reason: 'down' },
      })
      expect(await claimed(nowMs - hourMs + 6_999)).to.equal('nothing')
      expect(await store().outbox.nextDueAtMs()).to.equal(nowMs - hourMs + 7_000)
      expect(await claimed(nowMs - hourMs + 7_000)).to.equal('hosta: m1')
    })

    it('what was accepted before goes along with what is accepted then', async () => {
      await accept(store(), [forwardedFixture(['hosta'], { messageId: idFixture('before') })])
      await accept(store(), [forwardedFixture(['hosta'], { messageId: idFixture('then') }, nowMs - hourMs)])
      expect(await claimed(nowMs - hourMs)).to.equal('hosta: before then')
    })

    it('look-ups that waited are due, also of a recipient of whom there was news', async () => {
      for (const recipient of ['quiet', 'woken']) {
        await accept(store(), [guestFixture({ messageId: idFixture(recipient) })])
        await store().outbox.finishUnrouted(await claimUnrouted(store(), { longestWaitMs }), [
          { kind: 'postponed', atMs: nowMs + 30_000, reason: 'none', counts: true },
        ])
      }
      expect(await claimed(nowMs + 1_000)).to.equal('nothing')
      await store().outbox.wakeRecipient(bob, nowMs + 2_000)
      expect(await claimed(nowMs - hourMs)).to.equal('unrouted: quiet woken')
    })

    it('what an operator holds is held, whatever the clock does', async () => {
      await accept(store(), [forwardedFixture(['hosta']), guestFixture({ messageId: idFixture('m2') })])
      const { queue, outbox } = store()
      const waiting = await queue.list({ after: 0, limit: 10, hostKey: null, sender: null })
      await queue.change(
        waiting.map(({ id }) => id),
        'hold',
        nowMs,
      )
      await outbox.wakeRecipient(bob, nowMs)
      for (const atMs of [nowMs, nowMs - hourMs]) expect(await claimed(atMs)).to.equal('nothing')
    })
  })
}
