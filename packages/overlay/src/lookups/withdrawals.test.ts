import { decodePushDrop } from '@overpost/protocol'
import { Transaction } from '@bsv/sdk'
import { expect } from 'chai'
import { spend, TestChain } from '../testing/test-chain.ts'
import { startTestNode, type TestNode } from '../testing/test-node.ts'
import { identity, phipScript, spendToken, user, withdrawalScript } from '../testing/test-tokens.ts'

const day = 86_400_000

describe('withdrawals', () => {
  let chain: TestChain
  let node: TestNode
  const startedMs = Date.now()
  beforeEach(async () => {
    chain = await TestChain.start()
    node = await startTestNode(chain)
  })
  afterEach(async () => {
    await node[Symbol.asyncDispose]()
    await chain[Symbol.asyncDispose]()
  })

  const hostB = identity(0x41)
  const hostC = identity(0x42)
  const dated = (host: ReturnType<typeof identity>, agoMs: number) =>
    phipScript({ host, dates: { issuedAtMs: startedMs - agoMs, expiresAtMs: startedMs + 80 * day } })
  const publish = async (script: Uint8Array) => {
    const transaction = await spend([chain.fund()], [script])
    const steak = await node.submit(transaction)
    expect(steak['tm_phip']?.outputsToAdmit).to.deep.equal([0])
    return transaction
  }
  /** Field 1 of what is answered for the user, and the key in the field that says which host. */
  const answered = async (query: Record<string, unknown> = {}) => {
    const rows = await node.lookup('ls_phip', { recipient: user.identityKey, ...query })
    return rows.map(({ outpoint }) => {
      const { beef } = node.node.store.findTransaction(outpoint.slice(0, 64))!
      const script = Transaction.fromBEEF(Array.from(beef)).outputs[0]!.lockingScript.toUint8Array()
      const fields = decodePushDrop(script)!.fields.map((field) => Buffer.from(field))
      const kind = fields[0]!.toString()
      return `${kind} ${kind === 'PHIPW' ? nameOf(fields[3]!) : nameOf(fields[1]!)}`
    })
  }
  const nameOf = (field: Buffer) =>
    ({ [hostB.identityKey]: 'B', [hostC.identityKey]: 'C', [Buffer.from('ALL').toString('hex')]: 'ALL' })[
      field.toString('hex')
    ]

  it('end what was issued to the host before, and are answered first', async () => {
    await publish(await dated(hostB, 2 * day))
    await publish(await dated(hostC, 2 * day))
    await publish(await withdrawalScript({ from: hostB, atMs: startedMs - day }))
    expect(await answered()).to.deep.equal(['PHIPW B', 'PHIP2 C'])
    expect(await answered({ includeSpent: true })).to.deep.equal(['PHIPW B', 'PHIP2 C', 'PHIP2 B'])
    expect(await answered({ hostKey: hostC.identityKey })).to.deep.equal(['PHIP2 C'])
    expect(await answered({ hostKey: hostB.identityKey })).to.deep.equal(['PHIPW B'])
    await publish(await dated(hostB, day / 2)) // Bob returns
    expect(await answered()).to.deep.equal(['PHIPW B', 'PHIP2 B', 'PHIP2 C'])
  })

  it('end all, also undated ones and what comes in later', async () => {
    await publish(await withdrawalScript({ from: 'ALL', atMs: startedMs - day }))
    await publish(await phipScript({ host: hostB }))
    await publish(await dated(hostC, 2 * day))
    expect(await answered()).to.deep.equal(['PHIPW ALL'])
    expect(await answered({ hostKey: hostC.identityKey })).to.deep.equal(['PHIPW ALL'])
    expect(await answered({ limit: 1, skip: 1, includeSpent: true })).to.deep.equal(['PHIP2 C'])
  })

  it('count by their latest, whoever publishes it, also when it is spent', async () => {
    await publish(await dated(hostB, 2 * day))
    await publish(await withdrawalScript({ from: hostB, atMs: startedMs - 3 * day }))
    expect(await answered()).to.deep.equal(['PHIPW B', 'PHIP2 B'])
    const later = { from: hostB, atMs: startedMs - day }
    const transaction = await publish(await withdrawalScript(later))
    await publish(await withdrawalScript({ ...later, publisher: hostC }))
    expect(await answered()).to.deep.equal(['PHIPW B'])
    await node.submit(await spendToken({ transaction, outputIndex: 0 }, identity(0x44)))
    expect(await answered()).to.deep.equal(['PHIPW B'])
    expect(await answered({ includeSpent: true })).to.deep.equal(['PHIPW B', 'PHIP2 B'])
  })

  it('do not count when they are more than 10 minutes ahead', async () => {
    await publish(await phipScript({ host: hostC }))
    await publish(await withdrawalScript({ from: 'ALL', atMs: startedMs + day }))
    expect(await answered()).to.deep.equal(['PHIP C'])
    await publish(await withdrawalScript({ from: 'ALL', atMs: Date.now() }))
    expect(await answered()).to.deep.equal(['PHIPW ALL'])
  })

  it('are not answered to others, and end nothing of others', async () => {
    await publish(await phipScript({ host: hostC }))
    await publish(await withdrawalScript({ of: identity(0x55), from: hostC, atMs: startedMs }))
    expect(await answered()).to.deep.equal(['PHIP C'])
    expect(await node.lookup('ls_phip', { hostKey: hostC.identityKey })).to.have.length(1)
  })
})
