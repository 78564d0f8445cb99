import { RelayError } from '@overpost/protocol'
import { expect } from 'chai'
import { Permissions } from './permissions.ts'
import type { DeliveryRule, PermissionStore } from './ports/permission-store.ts'
import { alice, bob, boxFixture, carol, inbox } from './testing/fixtures.ts'
import { ManualClock } from './testing/manual-clock.ts'

interface Owned {
  readonly rules: Map<string, number>
}

/** A store whose questions are counted, and which can be broken or made to wait. */
class ScriptedStore implements PermissionStore {
  owners = new Map<string, Owned>()
  asked = 0
  fault: RelayError | null = null
  gate: Promise<void> = Promise.resolve()

  async hasRules(owner: string): Promise<boolean> {
    this.asked += 1
    const answer = this.owners.has(owner)
    await this.gate
    if (this.fault !== null) throw this.fault
    return answer
  }

  find(owner: string, { box, sender }: Parameters<PermissionStore['find']>[1]): Promise<DeliveryRule | null> {
    this.asked += 1
    const feeSatoshis = this.owners.get(owner)?.rules.get(`${box} ${sender ?? '*'}`)
    if (feeSatoshis === undefined) return Promise.resolve(null)
    return Promise.resolve({ box, sender, feeSatoshis, createdAtMs: 0, updatedAtMs: 0 })
  }

  put(owner: string, { box, sender, feeSatoshis }: Parameters<PermissionStore['put']>[1]): Promise<'stored'> {
    const rules = new Map(this.owners.get(owner)?.rules)
    rules.set(`${box} ${sender ?? '*'}`, feeSatoshis ?? 0)
    this.owners.set(owner, { rules })
    return Promise.resolve('stored')
  }

  list(): ReturnType<PermissionStore['list']> {
    return Promise.resolve({ rules: [], total: 0 })
  }
}

describe('permissions', () => {
  let store: ScriptedStore
  let permissions: Permissions
  beforeEach(() => {
    store = new ScriptedStore()
    permissions = new Permissions(store, new ManualClock(0))
  })
  const rule = (sender: typeof alice | null, feeSatoshis: number, box = inbox) =>
    permissions.put(bob, { box, sender, feeSatoshis })

  it('ask the store once for an owner without rules, whatever comes for them', async () => {
    expect(await permissions.fee(bob, inbox, alice)).to.equal(0)
    for (const sender of [alice, carol]) expect(permissions.fee(bob, boxFixture('other'), sender)).to.equal(0)
    expect(store.asked).to.equal(1)
  })

  it('go by the rule of the sender, else of the box, and ask once for each', async () => {
    await rule(null, 7)
    await rule(alice, -1)
    for (let time = 0; time < 3; time += 1) {
      expect(await permissions.fee(bob, inbox, alice)).to.equal(-1)
      expect(await permissions.fee(bob, inbox, carol)).to.equal(7)
      expect(await permissions.fee(bob, boxFixture('other'), alice)).to.equal(0)
    }
    const asked = store.asked
    await permissions.fee(bob, inbox, alice)
    expect(store.asked).to.equal(asked)
  })

  it('go by a change at once, also for what was asked before', async () => {
    expect(await permissions.fee(bob, inbox, alice)).to.equal(0)
    await rule(alice, -1)
    expect(await permissions.fee(bob, inbox, alice)).to.equal(-1)
    await rule(null, 3)
    expect(await permissions.fee(bob, inbox, carol)).to.equal(3)
    await rule(alice, 0)
    expect(await permissions.fee(bob, inbox, alice)).to.equal(0)
  })

  it('do not remember what was read before a change that came meanwhile', async () => {
    let open = (): void => undefined
    store.gate = new Promise((resolve) => (open = resolve))
    const before = permissions.fee(bob, inbox, alice)
    const change = rule(alice, -1)
    open()
    await Promise.all([before, change])
    expect(await permissions.fee(bob, inbox, alice)).to.equal(-1)
  })

  it('let nothing in, and remember nothing, while the store cannot say', async () => {
    store.fault = new RelayError('ERR_UNAVAILABLE')
    const refused = await Promise.resolve(permissions.fee(bob, inbox, alice)).catch((error: unknown) => error)
    expect(refused).to.equal(store.fault)
    store.fault = null
    await rule(alice, -1)
    expect(await permissions.fee(bob, inbox, alice)).to.equal(-1)
  })
})
