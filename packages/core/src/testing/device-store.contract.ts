import type { IdentityKey } from '@overpost/protocol'
import { expect } from 'chai'
import type { Device } from '../ports/device-store.ts'
import type { Store } from '../ports/store.ts'
import { alice, bob, fixtureNowMs } from './fixtures.ts'
import { eachWithStore } from './with-store.ts'

/** The promises of `DeviceStore`, run once for each adapter. `open` must give an empty store. */
export function deviceStoreContract(adapter: string, open: () => Promise<Store>): void {
  describe(`DeviceStore contract: ${adapter}`, () => {
    const store = eachWithStore(open)
    const register = (
      token: string,
      {
        owner = bob,
        nowMs = fixtureNowMs,
        most = 10,
        ...rest
      }: Partial<Device> & {
        owner?: IdentityKey
        nowMs?: number
        most?: number
      } = {},
    ) => store().devices.register(owner, { token, name: null, platform: null, ...rest }, { nowMs, most })
    const id = async (token: string, overrides: Parameters<typeof register>[1] = {}): Promise<number> => {
      const made = await register(token, overrides)
      if (made === 'full') throw new Error('full')
      return made
    }
    const tokens = async (owner = bob) => (await store().devices.list(owner)).map(({ token }) => token)

    it('keeps what was registered, oldest first', async () => {
      const first = await id('t1', { name: 'phone', platform: 'ios' })
      const second = await id('t2', { nowMs: fixtureNowMs + 1 })
      const times = { createdAtMs: fixtureNowMs, updatedAtMs: fixtureNowMs, lastUsedAtMs: null }
      expect(await store().devices.list(bob)).to.deep.equal([
        { id: first, name: 'phone', platform: 'ios', token: 't1', isActive: true, ...times },
        {
          ...{ id: second, name: null, platform: null, token: 't2', isActive: true, lastUsedAtMs: null },
          ...{ createdAtMs: fixtureNowMs + 1, updatedAtMs: fixtureNowMs + 1 },
        },
      ])
      expect(await store().devices.list(alice)).to.deep.equal([])
    })

    it('knows a token again, and gives it to whoever registers it last', async () => {
      const first = await id('t1', { name: 'phone' })
      expect(await id('t1', { name: 'tablet', nowMs: fixtureNowMs + 5 })).to.equal(first)
      const [device] = await store().devices.list(bob)
      expect(device).to.include({ name: 'tablet', createdAtMs: fixtureNowMs, updatedAtMs: fixtureNowMs + 5 })
      await id('t1', { owner: alice })
      expect(await tokens(bob)).to.deep.equal([])
      expect(await tokens(alice)).to.deep.equal(['t1'])
    })

    it('removes only what is the owner’s', async () => {
      const device = await id('t1')
      expect(await store().devices.remove(alice, device)).to.equal(false)
      expect(await store().devices.remove(bob, device)).to.equal(true)
      expect(await store().devices.remove(bob, device)).to.equal(false)
      expect(await tokens()).to.deep.equal([])
    })

    it('keeps no more devices of one owner than allowed', async () => {
      await id('t1')
      expect(await register('t2', { most: 1 })).to.equal('full')
      expect(await register('t1', { most: 1 })).to.be.a('number')
      expect(await register('t2', { owner: alice, most: 1 })).to.be.a('number')
      expect(await register('t2', { most: 1 })).to.equal('full')
      expect(await tokens(alice)).to.deep.equal(['t2'])
    })

    it('notes who was told and who is gone, until that device is registered again', async () => {
      const first = await id('t1')
      const second = await id('t2')
      const nowMs = fixtureNowMs + 7
      await store().devices.note(
        [
          { id: first, token: 't1', isGone: false },
          { id: second, token: 't2', isGone: true },
          { id: second + 100, token: 't3', isGone: true },
          { id: first, token: 'another by now', isGone: true },
        ],
        nowMs,
      )
      const noted = async () =>
        (await store().devices.list(bob)).map(({ isActive, lastUsedAtMs }) => ({ isActive, lastUsedAtMs }))
      expect(await noted()).to.deep.equal([
        { isActive: true, lastUsedAtMs: nowMs },
        { isActive: false, lastUsedAtMs: null },
      ])
      await id('t2')
      expect((await noted())[1]?.isActive).to.equal(true)
    })
  })
}
