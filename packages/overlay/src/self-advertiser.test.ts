import { expect } from 'chai'
import { TestChain } from './testing/test-chain.ts'
import { startTestNode, type TestNode } from './testing/test-node.ts'
import { TestWallet } from './testing/test-wallet.ts'
import { identity } from './testing/test-tokens.ts'

describe('a node that advertises itself', () => {
  let chain: TestChain
  let wallet: TestWallet
  let peer: TestNode
  const open: TestNode[] = []
  beforeEach(async () => {
    chain = await TestChain.start()
    wallet = await TestWallet.start(chain)
    peer = await startTestNode(chain, { development: true })
    open.push(peer)
  })
  afterEach(async () => {
    for (const node of open.splice(0)) await node[Symbol.asyncDispose]()
    await wallet[Symbol.asyncDispose]()
    await chain[Symbol.asyncDispose]()
  })

  const privateKey = '61'.repeat(32)
  const { identityKey } = identity(0x61)
  const start = async (publicUrl: string) => {
    const advertise = { privateKey, walletUrl: wallet.url, peers: [peer.url] }
    const node = await startTestNode(chain, { publicUrl, development: true, advertise })
    open.push(node)
    return node
  }
  const adverts = async (node: TestNode) =>
    (await Promise.all(['ls_ship', 'ls_slap'].map((service) => node.lookup(service, { identityKey })))).map(
      (rows) => rows.length,
    )

  it('mints what is missing in one transaction, and tells itself and its peers', async () => {
    const node = await start('https://node.example')
    expect(wallet.transactions.map(({ baskets }) => baskets.length)).to.deep.equal([8])
    expect(await adverts(node)).to.deep.equal([4, 4])
    expect(await adverts(peer)).to.deep.equal([4, 4])
    expect(await node.lookup('ls_slap', { service: 'ls_phip', domain: 'https://node.example' })).to.have.length(1)
    const report = (await (await fetch(`${node.url}/health`)).json()) as object
    expect(report).to.include({ adverts: 'ok' })
  })

  it('mints nothing again after a start with an empty database, but submits what it has', async () => {
    await start('https://node.example')
    const again = await start('https://node.example')
    expect(wallet.transactions).to.have.length(1)
    expect(await adverts(again)).to.deep.equal([4, 4])
  })

  it('mints nothing twice when the answer of the wallet was lost', async () => {
    wallet.losesNextAnswer = true
    const node = await start('https://node.example')
    expect(wallet.transactions).to.have.length(1)
    expect(await adverts(node)).to.deep.equal([4, 4])
  })

  it('is ready without a peer that is down', async () => {
    await peer[Symbol.asyncDispose]()
    open.splice(open.indexOf(peer), 1)
    const startedAtMs = performance.now()
    const node = await start('https://node.example')
    expect(performance.now() - startedAtMs).to.be.lessThan(5_000)
    expect(await adverts(node)).to.deep.equal([4, 4])
  })

  it('mints again for another address', async () => {
    await start('https://node.example')
    await start('https://moved.example')
    expect(wallet.transactions).to.have.length(2)
  })
})
