import { expect } from 'chai'
import type { UnroutedEnd } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import { bob, carol, fixtureNowMs as nowMs, guestFixture, idFixture } from './fixtures.ts'
import { claimLimits, claimText, claimUnrouted, eachWithStore } from './with-store.ts'

/** Part of the outbox contract: look-ups that are due at once, as there is news of the recipient. */
export function wakingContract(open: () => Promise<Store>): void {
  describe('look-ups of a recipient of whom there is news', () => {
    const store = eachWithStore(open)
    const claimed = async (limits: Partial<typeof claimLimits> = {}) =>
      claimText(await store().outbox.claim({ ...claimLimits, ...limits }))
    const later: UnroutedEnd = { kind: 'postponed', atMs: nowMs + 1_000, reason: 'none', counts: true }
    const postponed = async (ids: string): Promise<void> => {
      for (const id of ids.split(' ')) await store().mailboxes.accept([guestFixture({ messageId: idFixture(id) })])
      const group = await claimUnrouted(store())
      await store().outbox.finishUnrouted(
        group,
        Array.from(group.messages, () => later),
      )
    }

    it('are due at once, all of them, and then at their times again', async () => {
      await postponed('m1 m2')
      expect(await claimed()).to.equal('nothing')
      expect(await store().outbox.wakeRecipient(bob, nowMs + 1)).to.equal(true)
      expect(await store().outbox.nextDueAtMs()).to.equal(nowMs + 1)
      expect(await claimed()).to.equal('nothing')
      const group = await claimUnrouted(store(), { nowMs: nowMs + 1 })
      expect(group.messages).to.have.length(2)
      await store().outbox.finishUnrouted(group, [later, later])
      expect(await claimed({ nowMs: nowMs + 999 })).to.equal('nothing')
      expect(await store().outbox.nextDueAtMs()).to.equal(nowMs + 1_000)
    })

    it('are due again when the news came while somebody looked', async () => {
      await store().mailboxes.accept([guestFixture({ messageId: idFixture('m1') })])
      const group = await claimUnrouted(store())
      expect(await store().outbox.wakeRecipient(bob, nowMs + 1)).to.equal(true)
      await store().outbox.finishUnrouted(group, [later])
      expect(await claimed({ nowMs: nowMs + 1 })).to.equal('unrouted: m1')
    })

    it('are claimed in as many steps as the limits ask for', async () => {
      await postponed('m1 m2 m3')
      await store().outbox.wakeRecipient(bob, nowMs)
      const first = await claimUnrouted(store(), { maxMessages: 2 })
      await store().outbox.finishUnrouted(first, [
        { kind: 'failed', reason: 'x' },
        { kind: 'failed', reason: 'x' },
      ])
      expect(await claimed({ maxMessages: 2 })).to.equal('unrouted: m3')
    })

    it('of nobody, or of somebody who waits for nothing, are none', async () => {
      expect(await store().outbox.wakeRecipient(bob, nowMs)).to.equal(false)
      await postponed('m1')
      expect(await store().outbox.wakeRecipient(carol, nowMs)).to.equal(false)
      expect(await claimed()).to.equal('nothing')
    })
  })
}
