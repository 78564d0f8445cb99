import { createHash } from 'node:crypto'
import { expect } from 'chai'
import type { Store } from '../ports/store.ts'
import {
  alice,
  bob,
  boxFixture,
  carol,
  guestFixture,
  idFixture,
  inbox,
  keyFixture,
  placementFixture,
} from './fixtures.ts'
import { accept, eachWithStore, largePage } from './with-store.ts'

const second = boxFixture('second')
const digest = (box: string, sender: string): string => createHash('sha256').update(`${box}\n${sender}`).digest('hex')

/** Listed ids are unique per recipient, so that an acknowledgement removes exactly one (relay-http.md section 2). */
export function listedIdsContract(open: () => Promise<Store>): void {
  describe('listed ids', () => {
    const store = eachWithStore(open)
    const put = async (messageId: string, overrides: Parameters<typeof placementFixture>[0] = {}): Promise<void> => {
      const placement = placementFixture({ messageId: idFixture(messageId), ...overrides })
      expect(await accept(store(), [placement])).to.deep.equal(['stored'])
    }
    const listed = async (box = inbox): Promise<string[]> => {
      const { messages } = await store().mailboxes.list({ owner: bob, box }, largePage)
      return messages.map(({ listedId }) => listedId)
    }

    it('are the message ids while these differ', async () => {
      await put('a')
      await put('b', { sender: carol })
      expect(await listed()).to.deep.equal(['a', 'b'])
    })

    it('of a message whose id waits in another box carry a digest of box and sender', async () => {
      await put('a')
      await put('a', { box: second })
      expect(await listed(second)).to.deep.equal([`a~${digest('second', alice).slice(0, 8)}`])
      expect(await listed()).to.deep.equal(['a'])
    })

    it('of all kinds are acknowledged together, each once, whatever else is asked for with them', async () => {
      await put('a')
      await put('a', { box: second })
      await put('b')
      await put('stays')
      await accept(store(), [guestFixture({ messageId: idFixture('guest') })])
      const [made] = await listed(second)
      const ids = ['nothing', made!, 'guest', 'a', 'b', 'a', "'", '"']
      expect(await store().mailboxes.acknowledge(bob, ids)).to.equal(4)
      expect(await listed()).to.deep.equal(['stays'])
      expect(await listed(second)).to.deep.equal([])
      expect(await store().mailboxes.acknowledge(bob, ids)).to.equal(0)
      expect(await store().mailboxes.acknowledge(carol, ['stays'])).to.equal(0)
    })

    it('of a message whose id waits from another sender carry that digest too', async () => {
      await put('a')
      await put('a', { sender: carol })
      expect(await listed()).to.deep.equal(['a', `a~${digest('inbox', carol).slice(0, 8)}`])
    })

    it('are not touched by what waits for other recipients', async () => {
      await put('a', { recipient: carol })
      await put('a')
      expect(await listed()).to.deep.equal(['a'])
    })

    it('stay as they are when the one that had the plain id is gone, and the plain id is free again', async () => {
      const long = `a~${digest('second', alice).slice(0, 8)}`
      await put('a')
      await put('a', { box: second })
      await store().mailboxes.acknowledge(bob, ['a'])
      expect(await listed(second)).to.deep.equal([long])
      await put('a', { sender: carol })
      expect(await listed()).to.deep.equal(['a'])
      expect(await store().mailboxes.acknowledge(bob, [long])).to.equal(1)
      expect(await listed(second)).to.deep.equal([])
    })

    it('are lengthened when a sender chose an id that takes the place', async () => {
      const hash = digest('second', alice)
      const mallory = keyFixture('mallory')
      await put('a')
      for (const length of [8, 16, 32]) {
        await put(`a~${hash.slice(0, length)}`, { sender: mallory })
        await put('a', { box: second })
        const [listedId = ''] = await listed(second)
        expect(listedId).to.equal(`a~${hash.slice(0, length * 2)}`)
        expect(await store().mailboxes.acknowledge(bob, [listedId])).to.equal(1)
      }
    })

    it('are unique even when every digest is taken', async () => {
      const hash = digest('second', alice)
      await put('a')
      for (const length of [8, 16, 32, 64]) await put(`a~${hash.slice(0, length)}`, { sender: keyFixture('mallory') })
      await put('a', { box: second })
      const [listedId = ''] = await listed(second)
      expect(await listed()).not.to.include(listedId)
      expect(await store().mailboxes.acknowledge(bob, [listedId])).to.equal(1)
      expect(await listed()).to.have.length(5)
    })

    it('give way when a new message brings an id that is listed already', async () => {
      const long = `a~${digest('second', alice).slice(0, 8)}`
      await put('a')
      await put('a', { box: second })
      await put(long, { sender: carol })
      expect(await listed()).to.deep.equal(['a', `${long}~${digest('inbox', carol).slice(0, 8)}`])
      expect(await store().mailboxes.acknowledge(bob, [long])).to.equal(1)
      expect(await listed(second)).to.deep.equal([])
      expect(await listed()).to.have.length(2)
    })
  })
}
