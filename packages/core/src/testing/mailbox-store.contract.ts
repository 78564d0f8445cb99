import { expect } from 'chai'
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
  messageFixture,
  placementFixture,
  requestFixture,
} from './fixtures.ts'
import { custodyContract } from './custody.contract.ts'
import { duplicatesContract } from './mailbox-duplicates.contract.ts'
import { listedIdsContract } from './mailbox-listed-ids.contract.ts'
import { accept, eachWithStore, largePage, listing, received } from './with-store.ts'

/** The promises of `MailboxStore`, run once for each adapter. `open` must give an empty store. */
export function mailboxStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`MailboxStore contract: ${adapter}`, () => {
    describe('the log', () => {
      const store = eachWithStore(open)

      it('has an incarnation', () => {
        expect(store().mailboxes.incarnation).to.match(/^[0-9a-f]{16,}$/)
      })

      it('lists an unknown box as empty', async () => {
        const page = await store().mailboxes.list({ owner: carol, box: inbox }, largePage)
        expect(page).to.deep.equal({ messages: [], more: false })
      })

      it('says where a box ends, also when its messages are gone', async () => {
        const address = { owner: bob, box: inbox }
        expect(await store().mailboxes.lastSequence(address)).to.equal(0)
        await store().mailboxes.accept([placementFixture()])
        await store().mailboxes.accept([placementFixture({ messageId: idFixture('m2') })])
        expect(await store().mailboxes.lastSequence(address)).to.equal(2)
        await store().mailboxes.acknowledge(bob, ['m1', 'm2'])
        expect(await store().mailboxes.lastSequence(address)).to.equal(2)
        expect(await store().mailboxes.lastSequence({ owner: bob, box: boxFixture('other') })).to.equal(0)
      })

      it('gives back what was accepted, to the letter', async () => {
        const body = 'ünïcödé \u0000 \ud83d\udce8 "quoted"\r\n'
        const envelope = envelopeFixture('e')
        await accept(store(), [placementFixture({ body, envelope })])
        const { messages } = await store().mailboxes.list({ owner: bob, box: inbox }, largePage)
        expect(messages).to.deep.equal([
          {
            ...messageFixture({ body, envelope }),
            sequence: 1,
            listedId: 'm1',
            receivedAtMs: fixtureNowMs,
            originHost: null,
            acknowledgedElsewhere: false,
            proof: 'envelope',
            isPlain: false,
          },
        ])
      })

      it('calls plain what is text without anything that JSON writes in another way', async () => {
        const bodies = ['plain, ~text! #1', '', 'a "quote"', 'a \\ backslash', 'a\nline', 'ü', '\u007f']
        for (const [index, body] of bodies.entries()) await append(store(), `m${index}`, { body })
        await append(store(), 'object', { contentType: 'application/json', body: '{}' })
        await append(store(), 'number', { contentType: 'application/json', body: '7' })
        const { messages } = await store().mailboxes.list({ owner: bob, box: inbox }, largePage)
        expect(messages.map(({ body }) => body)).to.deep.equal([...bodies, '{}', '7'])
        expect(messages.flatMap(({ isPlain, body }) => (isPlain ? [body] : []))).to.deep.equal(bodies.slice(0, 2))
      })

      it('gives back what was received, with the host that handed it in', async () => {
        const message = { contentType: 'application/json', body: '{"a":1}', envelope: envelopeFixture('e') } as const
        await store().mailboxes.receive([arrivalFixture(message, { receivedAtMs: fixtureNowMs + 7 })])
        const { messages } = await store().mailboxes.list({ owner: bob, box: inbox }, largePage)
        expect(messages).to.deep.equal([
          {
            ...messageFixture(message),
            sequence: 1,
            listedId: 'm1',
            receivedAtMs: fixtureNowMs + 7,
            originHost: keyFixture('hosta'),
            acknowledgedElsewhere: false,
            proof: 'envelope',
            isPlain: false,
          },
        ])
      })

      it('keeps the request of a sender until it is acknowledged, of what another host handed in', async () => {
        const request = requestFixture('r')
        await store().mailboxes.receive([arrivalFixture({ request })])
        await accept(store(), [placementFixture({ request, messageId: idFixture('m2') })])
        await accept(store(), [guestFixture({ request, messageId: idFixture('m3') })])
        const { messages } = await store().mailboxes.list({ owner: bob, box: inbox }, largePage)
        expect(messages.map((message) => message.request)).to.deep.equal([request, null, null])
      })

      it('says who shows that the sender wrote it, also to who does not ask for that', async () => {
        const origin = { receivedAtMs: fixtureNowMs }
        await store().mailboxes.receive([
          arrivalFixture({ messageId: idFixture('a'), envelope: envelopeFixture('e') }, origin),
          arrivalFixture({ messageId: idFixture('b'), request: requestFixture('r') }, origin),
          arrivalFixture({ messageId: idFixture('c') }, origin),
        ])
        await append(store(), 'd')
        const page = { ...largePage, withProofs: false }
        const { messages } = await store().mailboxes.list({ owner: bob, box: inbox }, page)
        expect(messages.map(({ proof }) => proof)).to.deep.equal(['envelope', 'brc94', 'host', 'local'])
        expect(messages.every(({ envelope, request }) => envelope === null && request === null)).to.equal(true)
      })

      it('keeps what goes elsewhere only out of the box', async () => {
        expect(await accept(store(), [forwardedFixture(['hosta'])])).to.deep.equal(['stored'])
        expect(await listing(store())).to.deep.equal([])
      })

      it('refuses a placement that leads nowhere', async () => {
        const nowhere = placementFixture({}, { here: 'none' })
        const fault = await store()
          .mailboxes.accept([nowhere])
          .then(() => null)
          .catch((error: unknown) => error)
        expect(fault).to.be.instanceOf(RangeError)
      })

      it('numbers each box by itself, growing by one', async () => {
        for (const messageId of ['a', 'b', 'c']) await append(store(), messageId)
        await append(store(), 'd', { box: boxFixture('other') })
        await append(store(), 'e')
        const { messages } = await store().mailboxes.list({ owner: bob, box: inbox }, largePage)
        expect(messages.map(({ messageId, sequence }) => `${sequence} ${messageId}`)).to.deep.equal([
          '1 a',
          '2 b',
          '3 c',
          '4 e',
        ])
        const other = await store().mailboxes.list({ owner: bob, box: boxFixture('other') }, largePage)
        expect(other.messages.map(({ sequence }) => sequence)).to.deep.equal([1])
      })

      it('never uses a sequence again, even when the last message is gone', async () => {
        await append(store(), 'a')
        await append(store(), 'b')
        await store().mailboxes.acknowledge(bob, ['a', 'b'])
        await append(store(), 'c')
        const { messages } = await store().mailboxes.list({ owner: bob, box: inbox }, largePage)
        expect(messages.map(({ sequence }) => sequence)).to.deep.equal([3])
      })

      it('leaves no hole in the sequences for what was a duplicate or a conflict', async () => {
        await append(store(), 'a', { body: 'one' })
        await append(store(), 'a', { body: 'one' })
        await append(store(), 'a', { body: 'two' })
        await append(store(), 'b')
        const { messages } = await store().mailboxes.list({ owner: bob, box: inbox }, largePage)
        expect(messages.map(({ sequence }) => sequence)).to.deep.equal([1, 2])
      })

      it('keeps the order of calls that are made at once', async () => {
        const ids = Array.from({ length: 50 }, (_, index) => `m${index}`)
        await Promise.all(ids.map((id) => append(store(), id)))
        const { messages } = await store().mailboxes.list({ owner: bob, box: inbox }, largePage)
        expect(messages.map(({ messageId }) => messageId)).to.deep.equal(ids)
      })
    })

    describe('pages', () => {
      const store = eachWithStore(open)
      beforeEach(async () => {
        for (const messageId of ['a', 'b', 'c', 'd']) await append(store(), messageId, { body: '0123456789' })
      })
      const pages = [
        { name: 'the whole box', page: largePage, ids: 'a b c d', more: false },
        { name: 'past a cursor', page: { ...largePage, after: 2 }, ids: 'c d', more: false },
        { name: 'past the end', page: { ...largePage, after: 9 }, ids: '', more: false },
        { name: 'as many as the limit', page: { ...largePage, limit: 3 }, ids: 'a b c', more: true },
        { name: 'exactly the rest', page: { ...largePage, after: 1, limit: 3 }, ids: 'b c d', more: false },
        { name: 'as many bytes as fit', page: { ...largePage, maxBytes: 29 }, ids: 'a b', more: true },
        { name: 'bytes to the last one', page: { ...largePage, maxBytes: 40 }, ids: 'a b c d', more: false },
        { name: 'one that is larger than the page', page: { ...largePage, maxBytes: 1 }, ids: 'a', more: true },
      ]
      for (const { name, page, ids, more } of pages) {
        it(`lists oldest first: ${name}`, async () => {
          const found = await store().mailboxes.list({ owner: bob, box: inbox }, page)
          expect(found.messages.map(({ messageId }) => messageId).join(' ')).to.equal(ids)
          expect(found.more).to.equal(more)
        })
      }

      it('lists long bodies between short ones as they are, and counts them', async () => {
        const box = boxFixture('long')
        const bodies = ['short', 'x'.repeat(20_000), '', 'y'.repeat(8_192), 'z'.repeat(8_193), 'end']
        for (const [index, body] of bodies.entries()) await append(store(), `m${index}`, { box, body })
        const all = await store().mailboxes.list({ owner: bob, box }, largePage)
        expect(all.messages.map(({ body }) => body)).to.deep.equal(bodies)
        const part = await store().mailboxes.list({ owner: bob, box }, { ...largePage, maxBytes: 30_000 })
        expect(part.messages).to.have.length(4)
        expect(part.more).to.equal(true)
      })

      it('counts bytes, not characters', async () => {
        const box = boxFixture('wide')
        for (const messageId of ['a', 'b']) await append(store(), messageId, { box, body: '\ud83d\udce8'.repeat(10) })
        const page = await store().mailboxes.list({ owner: bob, box }, { ...largePage, maxBytes: 79 })
        expect(page.messages).to.have.length(1)
        expect(page.more).to.equal(true)
      })

      it('shows each message once to a reader that goes from page to page while others write', async () => {
        const seen: string[] = []
        let after = 0
        for (let page = 0; page < 5; page++) {
          const { messages } = await store().mailboxes.list(
            { owner: bob, box: inbox },
            { ...largePage, after, limit: 2 },
          )
          seen.push(...messages.map(({ messageId }) => messageId))
          after = messages.at(-1)?.sequence ?? after
          await append(store(), `n${page}`)
        }
        expect(seen.join(' ')).to.equal('a b c d n0 n1 n2 n3')
      })
    })

    describe('acknowledging', () => {
      const store = eachWithStore(open)

      it('removes what is named, once, and counts it', async () => {
        for (const messageId of ['a', 'b', 'c']) await append(store(), messageId)
        expect(await store().mailboxes.acknowledge(bob, ['a', 'c', 'a', 'unknown'])).to.equal(2)
        expect(await store().mailboxes.acknowledge(bob, ['a'])).to.equal(0)
        expect(await listing(store())).to.deep.equal(['b: hello'])
      })

      it("does not touch another owner's message", async () => {
        await append(store(), 'a')
        expect(await store().mailboxes.acknowledge(carol, ['a'])).to.equal(0)
        expect(await store().mailboxes.acknowledge(alice, ['a'])).to.equal(0)
        expect(await listing(store())).to.deep.equal(['a: hello'])
      })

      it('removes exactly one of two with the same id, by listed id', async () => {
        const other = boxFixture('other')
        await append(store(), 'a', { body: 'first' })
        await append(store(), 'a', { body: 'second', box: other })
        expect(await store().mailboxes.acknowledge(bob, ['a'])).to.equal(1)
        expect(await listing(store())).to.deep.equal([])
        expect(await listing(store(), { owner: bob, box: other })).to.have.length(1)
      })

      it('removes exactly one by box, sender and id', async () => {
        const other = boxFixture('other')
        const name = { box: inbox, sender: alice, messageId: idFixture('a') }
        await append(store(), 'a', { box: other, body: 'other box' })
        await append(store(), 'a', { body: 'mine' })
        await append(store(), 'a', { sender: carol, body: 'of carol' })
        expect(await store().mailboxes.acknowledgeByName(bob, [name, name])).to.equal(1)
        expect(await store().mailboxes.acknowledgeByName(bob, [name])).to.equal(0)
        expect((await listing(store())).map((line) => line.split(': ')[1])).to.deep.equal(['of carol'])
        expect(await listing(store(), { owner: bob, box: other })).to.deep.equal(['a: other box'])
      })

      it('by name finds nothing in boxes and of senders that never were', async () => {
        await append(store(), 'a')
        const names = [
          { box: boxFixture('never'), sender: alice, messageId: idFixture('a') },
          { box: inbox, sender: keyFixture('never'), messageId: idFixture('a') },
          { box: inbox, sender: alice, messageId: idFixture('never') },
        ]
        expect(await store().mailboxes.acknowledgeByName(bob, names)).to.equal(0)
        expect(await store().mailboxes.acknowledgeByName(keyFixture('never'), names)).to.equal(0)
      })
    })

    custodyContract(open)
    duplicatesContract(open)
    listedIdsContract(open)

    describe('forgetting', () => {
      const store = eachWithStore(open)

      it('remembers what was made at the given time or after it, and forgets the rest', async () => {
        const old = arrivalFixture({ messageId: idFixture('old'), envelope: envelopeFixture('old', fixtureNowMs - 1) })
        const fresh = arrivalFixture({ messageId: idFixture('fresh'), envelope: envelopeFixture('fresh') })
        const both = [{ ...old, forwardId: forwardIdFixture('old', fixtureNowMs - 1) }, fresh]
        await store().mailboxes.receive(both)
        await store().mailboxes.acknowledge(bob, ['old', 'fresh'])
        while (await store().mailboxes.forget(fixtureNowMs)) continue
        expect(await received(store(), both)).to.deep.equal(['stored', 'duplicate'])
      })

      it('gets through what is remembered in steps, and says when it is done', async () => {
        const guests = Array.from({ length: 300 }, (_, n) =>
          guestFixture({ messageId: idFixture(`m${n}`), envelope: envelopeFixture(`${n}`, n) }),
        )
        for (const guest of guests) await accept(store(), [guest])
        let steps = 0
        while (await store().mailboxes.forget(fixtureNowMs)) steps++
        expect(steps).to.be.lessThan(300)
        expect(await store().mailboxes.forget(fixtureNowMs)).to.equal(false)
      })
    })
  })
}

async function append(
  store: Store,
  messageId: string,
  overrides: Parameters<typeof messageFixture>[0] = {},
): Promise<void> {
  await accept(store, [placementFixture({ messageId: idFixture(messageId), ...overrides })])
}
