import type { SignedHandover } from '@overpost/protocol'
import { expect } from 'chai'
import type { HandoverPlace } from '../ports/handover-store.ts'
import type { Store } from '../ports/store.ts'
import {
  alice,
  arrivalFixture,
  authorizationFixture,
  bob,
  boxFixture,
  fixtureNowMs as nowMs,
  guestFixture,
  idFixture,
  keyFixture,
  requestFixture,
} from './fixtures.ts'
import { eachWithStore } from './with-store.ts'

const move = (atMs = nowMs, fields: Partial<SignedHandover> = {}): SignedHandover => ({
  ...{ userKey: bob, from: keyFixture('this host'), to: keyFixture('next host'), atMs, signature: Uint8Array.of(1, 2) },
  ...fields,
})

/** The promises of `HandoverStore`, run once for each adapter. `open` must give an empty store. */
export function handoverStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`HandoverStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)
    const begin = (handover: SignedHandover) => store().handovers.begin(handover, nowMs)
    const authorize = (issuedAtMs = nowMs - 9) => {
      const dates = { issuedAtMs, expiresAtMs: nowMs * 2 }
      return store().authorizations.put(authorizationFixture({ dates }), nowMs)
    }

    it('begins for users of this host only, and ends their authorization', async () => {
      expect(await begin(move())).to.equal(false)
      await authorize()
      await store().authorizations.find(bob)
      expect(await begin(move())).to.equal(true)
      expect((await store().authorizations.find(bob))?.revokedAtMs).to.equal(nowMs)
      expect(await store().handovers.find(bob)).to.deep.equal({ handover: move(), isDone: false })
      expect(await store().handovers.open()).to.deep.equal([move()])
      expect(await store().handovers.find(alice)).to.equal(null)
    })

    it('is done once, and begins anew only for a later one', async () => {
      await authorize()
      await begin(move())
      await store().handovers.finish(move())
      expect(await begin(move())).to.equal(true)
      expect(await begin(move(nowMs - 1, { to: alice }))).to.equal(true)
      expect(await store().handovers.find(bob)).to.deep.equal({ handover: move(), isDone: true })
      expect(await store().handovers.open()).to.deep.equal([])
      await begin(move(nowMs + 1))
      expect(await store().handovers.open()).to.deep.equal([move(nowMs + 1)])
    })

    it('ends when the user comes back', async () => {
      await authorize()
      await begin(move())
      await authorize(nowMs + 1)
      expect(await store().handovers.open()).to.deep.equal([])
      expect((await store().authorizations.find(bob))?.revokedAtMs).to.equal(null)
    })

    it('pages with what proves the senders', async () => {
      const request = requestFixture('r')
      await store().mailboxes.receive([arrivalFixture({ request })])
      const [entry] = await store().handovers.page(bob, null, { limit: 2, maxBytes: 1_000 })
      expect(entry?.message.request).to.deep.equal(request)
    })

    it('pages through what waits of the user in all boxes, without guests', async () => {
      const arrive = (messageId: string, box: string, recipient = bob) =>
        store().mailboxes.receive([
          arrivalFixture({ messageId: idFixture(messageId), box: boxFixture(box), body: messageId, recipient }),
        ])
      for (const [id, box] of Object.entries({ a1: 'a', b1: 'b', a2: 'a', b2: 'b', a3: 'a' })) await arrive(id, box)
      await arrive('of alice', 'a', alice)
      await store().mailboxes.accept([guestFixture({ messageId: idFixture('guest') })])
      const seen: string[] = []
      for (let after: HandoverPlace | null = null; ;) {
        const page = await store().handovers.page(bob, after, { limit: 2, maxBytes: 1_000 })
        seen.push(...page.map(({ message }) => message.body))
        after = page.at(-1)?.place ?? null
        if (page.length === 0) break
        expect(page.length).to.be.at.most(2)
      }
      expect(seen).to.deep.equal(['a1', 'a2', 'a3', 'b1', 'b2'])
      expect(await store().handovers.page(bob, null, { limit: 9, maxBytes: 1 })).to.have.length(1)
      expect(await store().handovers.waiting(bob)).to.equal(5)
      expect(await store().handovers.waiting(keyFixture('nobody'))).to.equal(0)
    })
  })
}
