import type { Custody } from '@overpost/protocol'
import { expect } from 'chai'
import type { Message } from '../message.ts'
import type { Arrival } from '../ports/mailbox-store.ts'
import type { Store } from '../ports/store.ts'
import {
  arrivalFixture,
  bob,
  envelopeFixture,
  fixtureNowMs,
  forwardIdFixture,
  idFixture,
  leafFixture,
  requestFixture,
} from './fixtures.ts'
import { eachWithStore, listing, received } from './with-store.ts'

const laterMs = fixtureNowMs + 1_000
const ciphertext = (text: string): string => JSON.stringify({ encryptedMessage: text })

/** Of which messages a host can sign that it has them (design section 2.6). */
export function custodyContract(open: () => Promise<Store>): void {
  describe('what is remembered for custody receipts', () => {
    const store = eachWithStore(open)

    /** An arrival under the forward id `name`, its leaf named after it too. */
    const arrival = (name: string, message: Partial<Message> = {}, overrides: Partial<Arrival> = {}): Arrival =>
      arrivalFixture(message, { forwardId: forwardIdFixture(name), leaf: leafFixture(name), ...overrides })
    const custodyOf = async (...arrivals: Arrival[]): Promise<(Custody | null)[]> =>
      (await store().mailboxes.receive(arrivals)).map(({ custody }) => custody)
    const of = (name: string, storedAtMs = fixtureNowMs): Custody => ({ leaf: leafFixture(name), storedAtMs })
    const later = { receivedAtMs: laterMs }

    it('is the leaf of what was stored, and its time', async () => {
      const other = arrival('b', { messageId: idFixture('m2') }, later)
      expect(await custodyOf(arrival('a'), other)).to.deep.equal([of('a'), of('b', laterMs)])
    })

    for (const acknowledge of [false, true]) {
      it(`stays the first leaf for a forward id that comes again, ${acknowledge ? 'after' : 'before'} the acknowledgement`, async () => {
        await custodyOf(arrival('a'))
        if (acknowledge) await store().mailboxes.acknowledge(bob, ['m1'])
        const again = arrival('a', {}, { ...later, leaf: leafFixture('another') })
        const withAnotherBody = arrival('a', { body: 'other' }, { ...later, leaf: leafFixture('other body') })
        expect(await custodyOf(again, withAnotherBody)).to.deep.equal([of('a'), of('a')])
      })
    }

    for (const acknowledge of [false, true]) {
      it(`is a leaf of its own for an envelope under another forward id, ${acknowledge ? 'after' : 'before'} the acknowledgement`, async () => {
        const enveloped = { envelope: envelopeFixture('e') }
        await custodyOf(arrival('a', enveloped))
        if (acknowledge) await store().mailboxes.acknowledge(bob, ['m1'])
        expect(await custodyOf(arrival('b', enveloped, later))).to.deep.equal([of('b', laterMs)])
        expect(await custodyOf(arrival('b', enveloped, later))).to.deep.equal([of('b', laterMs)])
      })
    }

    it('is a leaf of its own for the same message under another forward id while it waits', async () => {
      await custodyOf(arrival('a'))
      expect(await custodyOf(arrival('b', {}, later))).to.deep.equal([of('b', laterMs)])
    })

    it('is nothing for another ciphertext of a message that waits, now and later', async () => {
      await custodyOf(arrival('a', { body: ciphertext('AAAA') }))
      const other = arrival('b', { body: ciphertext('BBBB') })
      expect(await custodyOf(other)).to.deep.equal([null])
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await custodyOf(other)).to.deep.equal([null])
    })

    it('is nothing for a request that was used before, when its message is gone', async () => {
      const requested = { request: requestFixture('r') }
      await custodyOf(arrival('a', requested))
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await custodyOf(arrival('b', requested))).to.deep.equal([null])
    })

    it('is nothing for a conflict, which is stored when it comes again later', async () => {
      await custodyOf(arrival('a'))
      const conflict = arrival('b', { body: 'other' })
      expect(await custodyOf(conflict)).to.deep.equal([null])
      await store().mailboxes.acknowledge(bob, ['m1'])
      expect(await custodyOf(conflict)).to.deep.equal([of('b')])
    })

    it('is forgotten with the forward id', async () => {
      await custodyOf(arrival('a'))
      await store().mailboxes.acknowledge(bob, ['m1'])
      while (await store().mailboxes.forget(fixtureNowMs + 1)) continue
      expect(await custodyOf(arrival('a', {}, { ...later, leaf: leafFixture('new') }))).to.deep.equal([
        of('new', laterMs),
      ])
    })

    it('never makes an envelope count as here that came only beside a forward id of something else', async () => {
      await custodyOf(arrival('a'))
      const enveloped = { messageId: idFixture('m2'), envelope: envelopeFixture('e'), body: 'second' }
      expect(await received(store(), [arrival('a', enveloped)])).to.deep.equal(['duplicate'])
      expect(await received(store(), [arrival('b', enveloped)])).to.deep.equal(['stored'])
      expect(await listing(store())).to.deep.equal(['m1: hello', 'm2: second'])
    })
  })
}
