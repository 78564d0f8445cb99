import type { SignedHandover } from '@overpost/protocol'
import { expect } from 'chai'
import type { MessageRef } from '../message.ts'
import type { HandoverPlace } from '../ports/handover-store.ts'
import type { Placement } from '../ports/mailbox-store.ts'
import type { Store } from '../ports/store.ts'
import {
  alice,
  arrivalFixture,
  authorizationFixture,
  bob,
  boxFixture,
  fixtureNowMs as nowMs,
  forwardedFixture,
  guestFixture,
  idFixture,
  keyFixture,
  placementFixture,
  requestFixture,
} from './fixtures.ts'
import { eachWithStore, listing } from './with-store.ts'

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

    describe('of what the other host has', () => {
      const to = keyFixture('next host')
      const wasMoved = { kind: 'moved', to }
      const wasPruned = { kind: 'pruned' }
      const put = async (id: string, placement: Placement = placementFixture()): Promise<MessageRef> => {
        const message = { ...placement.message, messageId: idFixture(id) }
        const [kept] = await store().mailboxes.accept([{ ...placement, message }])
        if (kept?.ref == null) throw new Error('kept, and no ref')
        return kept.ref
      }
      const places = async () =>
        (await store().handovers.page(bob, null, { limit: 5_000, maxBytes: 1e9 })).map(({ place }) => place)
      const acknowledge = (...ids: string[]) => store().mailboxes.acknowledge(bob, ids)
      const forget = async (settledBeforeMs: number): Promise<void> => {
        while (await store().outbox.prune({ settledBeforeMs, bodiesBeforeMs: 0 }));
      }

      it('removes it, and says where to, but not of what was acknowledged first', async () => {
        const { forwardings } = forwardedFixture(['hosta'])
        const refs = [await put('a'), await put('b'), await put('c', placementFixture({}, { forwardings }))]
        const stays = await put('d')
        const found = (await places()).slice(0, 3)
        await acknowledge('b')
        expect(await store().handovers.removeMoved(found, to, nowMs)).to.equal(2)
        expect(await listing(store())).to.deep.equal(['d: hello'])
        const [a, b, c, d] = await store().records.find([...refs, stays])
        expect([a, b]).to.deep.equal([wasMoved, null])
        expect(c).to.deep.include({ state: 'delivered', removal: wasMoved, isHere: false, bodyHash: null })
        expect(c).to.have.nested.property('destinations.length', 1)
        expect(d).to.deep.include({ state: 'delivered', removal: null, isHere: true })
        expect(await store().handovers.removeMoved(found, to, nowMs)).to.equal(0)
      })

      it('removes no message that came later under the same name', async () => {
        const first = await put('a')
        const found = await places()
        await acknowledge('a')
        await put('a')
        expect(await store().handovers.removeMoved(found, to, nowMs)).to.equal(0)
        expect(await listing(store())).to.deep.equal(['a: hello'])
        expect(await store().records.find([first])).to.deep.equal([null])
      })

      it('forgets by the time of the move, and claims no acknowledgement of what came before that', async () => {
        const other = placementFixture({ box: boxFixture('other') })
        const [before, early, late] = [await put('a'), await put('b'), await put('c')]
        const [after, elsewhere] = [await put('d'), await put('e', other)]
        await acknowledge('a', 'd', 'e')
        const found = await places()
        await store().handovers.removeMoved(found.slice(0, 1), to, nowMs)
        await store().handovers.removeMoved(found.slice(1), to, nowMs + 1)
        const all = [before, early, late, after, elsewhere]
        await forget(nowMs)
        expect(await store().records.find(all)).to.deep.equal([null, wasMoved, wasMoved, null, null])
        await forget(nowMs + 1)
        expect(await store().records.find(all)).to.deep.equal([wasPruned, wasPruned, wasMoved, null, null])
        await forget(nowMs + 2)
        expect(await store().records.find(all)).to.deep.equal([wasPruned, wasPruned, wasPruned, null, null])
      })

      it('forgets also more than one step takes, in all boxes', async () => {
        const placements = Array.from({ length: 2_400 }, (_, n) =>
          placementFixture({ messageId: idFixture(`m${n}`), box: boxFixture(`box${n % 3}`) }),
        )
        const refs = (await store().mailboxes.accept(placements)).map(({ ref }) => ref!)
        expect(await store().handovers.removeMoved(await places(), to, nowMs)).to.equal(2_400)
        await forget(nowMs + 1)
        const kinds = (await store().records.find(refs)).map((found) => found !== null && 'kind' in found && found.kind)
        expect(new Set(kinds)).to.deep.equal(new Set(['pruned']))
      })
    })
  })
}
