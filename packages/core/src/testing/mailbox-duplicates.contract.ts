import { expect } from 'chai'
import type { Message } from '../message.ts'
import { freshDestination } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import {
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
  requestFixture,
} from './fixtures.ts'
import { accept, claimParcels, eachWithStore, largePage, listing, received } from './with-store.ts'

const ciphertext = (text: string): string => JSON.stringify({ encryptedMessage: text })

/** Which of two messages with the same id are one. */
const pairs: readonly { name: string; first: Partial<Message>; second: Partial<Message>; outcome: string }[] = [
  { name: 'the same body', first: { body: 'a' }, second: { body: 'a' }, outcome: 'duplicate' },
  { name: 'another body', first: { body: 'a' }, second: { body: 'b' }, outcome: 'conflict' },
  {
    name: 'the same text of another content type',
    first: { body: '{}' },
    second: { body: '{}', contentType: 'application/json' },
    outcome: 'conflict',
  },
  {
    name: 'two ciphertexts',
    first: { body: ciphertext('AAAA') },
    second: { body: ciphertext('BBBB') },
    outcome: 'duplicate',
  },
  {
    name: 'a ciphertext, then plain text',
    first: { body: ciphertext('AAAA') },
    second: { body: 'b' },
    outcome: 'conflict',
  },
  {
    name: 'plain text, then a ciphertext',
    first: { body: 'a' },
    second: { body: ciphertext('AAAA') },
    outcome: 'conflict',
  },
  {
    name: 'a ciphertext, then JSON that only mentions one',
    first: { body: ciphertext('AAAA') },
    second: { body: '{"encryptedMessage":"BBBB","and":"more"}' },
    outcome: 'conflict',
  },
  {
    name: 'a ciphertext, then one that is not JSON',
    first: { body: ciphertext('AAAA') },
    second: { body: '{"encryptedMessage":"BBBB"' },
    outcome: 'conflict',
  },
  { name: "another sender's id", first: {}, second: { sender: carol, body: 'b' }, outcome: 'stored' },
  { name: 'the same id in another box', first: {}, second: { box: boxFixture('b2'), body: 'b' }, outcome: 'stored' },
  { name: 'the same id to another recipient', first: {}, second: { recipient: carol, body: 'b' }, outcome: 'stored' },
]

/** When two messages are one: identities, envelopes and forward ids (design section 2, phip.md section 5). */
export function duplicatesContract(open: () => Promise<Store>): void {
  describe('duplicates of what still waits', () => {
    const store = eachWithStore(open)

    const ways = {
      accepted: (message: Partial<Message>) => accept(store(), [placementFixture(message)]),
      'accepted as a guest': (message: Partial<Message>) => accept(store(), [guestFixture(message)]),
      received: (message: Partial<Message>) =>
        received(store(), [
          arrivalFixture(message, { forwardId: forwardIdFixture(`${message.body ?? ''} ${Math.random()}`) }),
        ]),
    }
    // One test for each pair of ways, each case for a recipient of its own.
    for (const [firstWay, putFirst] of Object.entries(ways)) {
      for (const [secondWay, putSecond] of Object.entries(ways)) {
        it(`${firstWay}, then ${secondWay}: each case has its outcome, and the first body stays`, async () => {
          for (const { name, first, second, outcome } of pairs) {
            const recipient = keyFixture(name)
            expect(await putFirst({ recipient, ...first }), name).to.deep.equal(['stored'])
            expect(await putSecond({ recipient, ...second }), name).to.deep.equal([outcome])
            const waiting = await store().mailboxes.list({ owner: recipient, box: inbox }, largePage)
            expect(waiting.messages[0]?.body, name).to.equal(first.body ?? 'hello')
          }
        })
      }
    }

    it('what waits for another host counts for a sender here', async () => {
      let waiting = 0
      for (const { name, first, second, outcome } of pairs) {
        const recipient = keyFixture(name)
        const forwarded = (message: Partial<Message>) => forwardedFixture(['hosta'], { recipient, ...message })
        expect(await accept(store(), [forwarded(first)]), name).to.deep.equal(['stored'])
        expect(await accept(store(), [forwarded(second)]), name).to.deep.equal([outcome])
        const again = await accept(store(), [placementFixture({ recipient, ...second })])
        expect(again, name).to.deep.equal([outcome === 'stored' ? 'duplicate' : outcome])
        waiting += outcome === 'stored' ? 2 : 1
      }
      expect((await store().outbox.counts()).parcels).to.equal(waiting)
    })

    it('what waits for another host does not count for what a host hands in for a box here', async () => {
      await accept(store(), [forwardedFixture(['hosta'], { body: 'first' })])
      expect(await received(store(), [arrivalFixture({ body: 'first' })])).to.deep.equal(['stored'])
      expect(await listing(store())).to.deep.equal(['m1: first'])
    })

    it('three copies at once are one', async () => {
      const outcomes = await Promise.all([1, 2, 3].map(() => accept(store(), [placementFixture()])))
      expect(outcomes.flat().toSorted()).to.deep.equal(['duplicate', 'duplicate', 'stored'])
      expect(await listing(store())).to.deep.equal(['m1: hello'])
    })

    it('the same id is a new message once the first was acknowledged', async () => {
      await accept(store(), [placementFixture({ body: 'first' })])
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await accept(store(), [placementFixture({ body: 'second' })])).to.deep.equal(['stored'])
      expect(await listing(store())).to.deep.equal(['m1: second'])
    })

    it('the same id is a new message once the first was delivered elsewhere', async () => {
      await accept(store(), [forwardedFixture(['hosta'], { body: 'first' })])
      await store().outbox.finishParcels(
        await claimParcels(store()),
        [{ kind: 'delivered', receipt: null }],
        freshDestination,
      )
      expect(await accept(store(), [forwardedFixture(['hosta'], { body: 'second' })])).to.deep.equal(['stored'])
    })

    it('a send to several recipients is kept for all', async () => {
      const placements = [
        placementFixture(),
        placementFixture({ recipient: carol }),
        forwardedFixture(['hosta'], { box: boxFixture('b2') }),
      ]
      expect(await accept(store(), placements)).to.deep.equal(['stored', 'stored', 'stored'])
      expect(await listing(store())).to.deep.equal(['m1: hello'])
      expect(await listing(store(), { owner: carol, box: inbox })).to.deep.equal(['m1: hello'])
      expect((await store().outbox.counts()).parcels).to.equal(1)
    })

    it('a send with one conflict is kept for nobody, and remembers nothing', async () => {
      await accept(store(), [placementFixture({ recipient: carol, body: 'other' })])
      const placements = [
        placementFixture({ envelope: envelopeFixture('to bob') }),
        forwardedFixture(['hosta'], { box: boxFixture('b2') }),
        guestFixture({ box: boxFixture('b3') }),
        placementFixture({ recipient: carol, envelope: envelopeFixture('to carol') }),
      ]
      const outcomes = await accept(store(), placements)
      expect(outcomes).to.deep.equal(['stored', 'stored', 'stored', 'conflict'])
      expect(await listing(store())).to.deep.equal([])
      expect(await listing(store(), { owner: bob, box: boxFixture('b3') })).to.deep.equal([])
      expect(await store().outbox.counts()).to.deep.include({ parcels: 0, unrouted: 0 })
      expect(await accept(store(), placements.slice(0, 3))).to.deep.equal(['stored', 'stored', 'stored'])
      const { messages } = await store().mailboxes.list({ owner: bob, box: inbox }, largePage)
      expect(messages.map(({ sequence }) => sequence)).to.deep.equal([1])
    })

    it('a send with one duplicate is kept for the others', async () => {
      await accept(store(), [placementFixture()])
      const both = [placementFixture(), placementFixture({ recipient: carol })]
      expect(await accept(store(), both)).to.deep.equal(['duplicate', 'stored'])
    })

    it('a send that names one recipient twice holds one message', async () => {
      const same = [placementFixture(), placementFixture()]
      expect(await accept(store(), same)).to.deep.equal(['stored', 'duplicate'])
      const differing = [
        placementFixture({ box: boxFixture('b2') }),
        placementFixture({ box: boxFixture('b2'), body: 'other' }),
      ]
      expect(await accept(store(), differing)).to.deep.equal(['stored', 'conflict'])
      expect(await listing(store(), { owner: bob, box: boxFixture('b2') })).to.deep.equal([])
    })

    it('each message that a host hands in stands for itself', async () => {
      await accept(store(), [placementFixture({ messageId: idFixture('b'), body: 'first' })])
      const arrivals = ['a', 'b', 'c', 'a'].map((id, index) =>
        arrivalFixture({ messageId: idFixture(id) }, { forwardId: forwardIdFixture(`f${index}`) }),
      )
      const outcomes = await received(store(), arrivals)
      expect(outcomes).to.deep.equal(['stored', 'conflict', 'stored', 'duplicate'])
      expect(await listing(store())).to.deep.equal(['b: first', 'a: hello', 'c: hello'])
    })
  })

  describe('what is remembered past the acknowledgement', () => {
    const store = eachWithStore(open)
    const enveloped = { envelope: envelopeFixture('e1') }

    const redeliveries = [
      { name: 'before', acknowledge: false },
      { name: 'after', acknowledge: true },
    ]
    for (const { name, acknowledge } of redeliveries) {
      const acknowledged = async (): Promise<void> => {
        if (acknowledge) expect(await store().mailboxes.acknowledge(bob, ['m1'])).to.equal(1)
      }
      const left = acknowledge ? [] : ['m1: hello']

      it(`a forward id ${name} the acknowledgement is a duplicate`, async () => {
        expect(await received(store(), [arrivalFixture()])).to.deep.equal(['stored'])
        await acknowledged()
        expect(await received(store(), [arrivalFixture()])).to.deep.equal(['duplicate'])
        expect(await listing(store())).to.deep.equal(left)
      })

      it(`an envelope that its sender hands in again ${name} the acknowledgement is a duplicate`, async () => {
        expect(await accept(store(), [placementFixture(enveloped)])).to.deep.equal(['stored'])
        await acknowledged()
        expect(await accept(store(), [placementFixture(enveloped)])).to.deep.equal(['duplicate'])
        expect(await listing(store())).to.deep.equal(left)
      })

      it(`an envelope that another host hands in ${name} the acknowledgement is a duplicate`, async () => {
        const first = arrivalFixture(enveloped, { originHost: keyFixture('hosta'), forwardId: forwardIdFixture('a') })
        const second = arrivalFixture(enveloped, { originHost: keyFixture('hostb'), forwardId: forwardIdFixture('b') })
        expect(await received(store(), [first])).to.deep.equal(['stored'])
        await acknowledged()
        expect(await received(store(), [second])).to.deep.equal(['duplicate'])
        expect(await listing(store())).to.deep.equal(left)
      })
    }

    it('an envelope of a message that was only forwarded is remembered where it went, and may be sent again from here', async () => {
      await accept(store(), [forwardedFixture(['hosta'], enveloped)])
      expect(await accept(store(), [forwardedFixture(['hosta'], enveloped)])).to.deep.equal(['duplicate'])
      await store().outbox.finishParcels(
        await claimParcels(store()),
        [{ kind: 'delivered', receipt: null }],
        freshDestination,
      )
      expect(await accept(store(), [forwardedFixture(['hosta'], enveloped)])).to.deep.equal(['stored'])
      expect(await store().outbox.counts()).to.deep.include({ parcels: 1 })
    })

    for (const acknowledge of [false, true]) {
      it(`a request is a duplicate under another forward id, ${acknowledge ? 'after' : 'before'} the acknowledgement`, async () => {
        const requested = { request: requestFixture('r') }
        const first = arrivalFixture(requested, { forwardId: forwardIdFixture('a') })
        const again = arrivalFixture({ ...requested, messageId: idFixture('m2') }, { forwardId: forwardIdFixture('b') })
        expect(await received(store(), [first])).to.deep.equal(['stored'])
        if (acknowledge) await store().mailboxes.acknowledge(bob, ['m1'])
        expect(await received(store(), [again, again])).to.deep.equal(['duplicate', 'duplicate'])
        expect(await listing(store())).to.deep.equal(acknowledge ? [] : ['m1: hello'])
        const other = arrivalFixture({ request: requestFixture('s'), messageId: idFixture('m3') })
        expect(await received(store(), [other])).to.deep.equal(['stored'])
      })
    }

    it('a request is forgotten by when it came, and one of a conflict is not remembered', async () => {
      const requested = { request: requestFixture('r') }
      await store().mailboxes.receive([arrivalFixture(requested, { forwardId: forwardIdFixture('a') })])
      await store().mailboxes.acknowledge(bob, ['m1'])
      await store().mailboxes.forget(fixtureNowMs)
      const again = arrivalFixture(requested, { forwardId: forwardIdFixture('b') })
      expect(await received(store(), [again])).to.deep.equal(['duplicate'])
      await store().mailboxes.forget(fixtureNowMs + 1)
      expect(await received(store(), [again])).to.deep.equal(['stored'])
      const conflict = arrivalFixture(
        { request: requestFixture('s'), body: 'other' },
        { forwardId: forwardIdFixture('c') },
      )
      expect(await received(store(), [conflict])).to.deep.equal(['conflict'])
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await received(store(), [conflict])).to.deep.equal(['stored'])
    })

    it('the same forward id of another host is another message', async () => {
      const forwardId = forwardIdFixture('f')
      const first = arrivalFixture({ messageId: idFixture('a') }, { forwardId })
      const second = arrivalFixture({ messageId: idFixture('b') }, { forwardId, originHost: keyFixture('hostb') })
      expect(await received(store(), [first, second])).to.deep.equal(['stored', 'stored'])
    })

    it('a forward id stands for its message whatever else differs', async () => {
      const forwardId = forwardIdFixture('f')
      await store().mailboxes.receive([arrivalFixture({}, { forwardId })])
      const other = arrivalFixture({ messageId: idFixture('other'), body: 'other' }, { forwardId })
      expect(await received(store(), [other])).to.deep.equal(['duplicate'])
      expect(await listing(store())).to.deep.equal(['m1: hello'])
    })

    it('remembers the forward id and the envelope of a duplicate too', async () => {
      await accept(store(), [placementFixture()])
      const again = arrivalFixture(enveloped, { forwardId: forwardIdFixture('again') })
      expect(await received(store(), [again])).to.deep.equal(['duplicate'])
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await received(store(), [arrivalFixture({}, { forwardId: again.forwardId })])).to.deep.equal(['duplicate'])
      expect(await accept(store(), [placementFixture(enveloped)])).to.deep.equal(['duplicate'])
    })

    it('remembers neither the forward id nor the envelope of a conflict', async () => {
      await accept(store(), [placementFixture({ body: 'first' })])
      const conflict = arrivalFixture({ ...enveloped, body: 'second' })
      expect(await received(store(), [conflict])).to.deep.equal(['conflict'])
      expect(await accept(store(), [placementFixture({ ...enveloped, body: 'second' })])).to.deep.equal(['conflict'])
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await received(store(), [conflict])).to.deep.equal(['stored'])
    })

    it('an envelope that one send carries twice is good once', async () => {
      const both = [placementFixture(enveloped), placementFixture({ ...enveloped, messageId: idFixture('m2') })]
      expect(await accept(store(), both)).to.deep.equal(['stored', 'duplicate'])
      expect(await listing(store())).to.deep.equal(['m1: hello'])
    })
  })
}
