import { Transaction } from '@bsv/sdk'
import { expect } from 'chai'
import { spend, TestChain, type TestCoin } from '../testing/test-chain.ts'
import { postSubmit, startTestNode, type TestNode } from '../testing/test-node.ts'
import { phipScript, spendToken, user } from '../testing/test-tokens.ts'

describe('the follower of the chain', () => {
  let chain: TestChain
  let node: TestNode
  beforeEach(async () => {
    chain = await TestChain.start()
    node = await startTestNode(chain, { arc: { url: chain.url }, reorgs: { pollMs: 1_000_000, blocks: 50 } })
  })
  afterEach(async () => {
    await node[Symbol.asyncDispose]()
    await chain[Symbol.asyncDispose]()
  })

  /** A coin under so many blocks that no reorganisation of these tests reaches it. */
  const deepCoin = (): TestCoin => {
    const coin = chain.fund()
    chain.tip += 20
    return coin
  }
  const token = async (coin = deepCoin()) => {
    const transaction = await spend([coin], [await phipScript()])
    chain.mine(transaction)
    await node.submit(transaction)
    return transaction
  }
  /** The chain grows by a block, and the follower sees it. */
  const nextRound = async () => {
    chain.tip++
    await node.node.follower.round()
  }
  const live = async () => (await node.lookup('ls_phip', { user: user.identityKey })).length
  const kinds = async () => (await node.events('topic=tm_phip&wait=0')).events.map(({ kind }) => kind)
  const stored = (transaction: Transaction) =>
    Transaction.fromBEEF(Array.from(node.node.store.findTransaction(transaction.id('hex'))!.beef))
  const verifies = (transaction: Transaction) =>
    stored(transaction)
      .verify({
        isValidRootForHeight: (root, height) => Promise.resolve(chain.roots.get(height) === root),
        currentHeight: () => Promise.resolve(0),
      })
      .catch(() => false)

  it('gets the new paths of transactions whose blocks were orphaned, in descendants too', async () => {
    const transaction = await token()
    const spender = await spendToken({ transaction, outputIndex: 0 })
    await node.submit(spender)
    await node.node.follower.round()
    chain.reorganize(2)
    await node.node.follower.round()
    expect(await verifies(transaction)).to.equal(false) // it waits for a block
    expect(await kinds()).to.deep.equal(['admit', 'spend'])
    chain.mine(transaction)
    await nextRound()
    expect(await verifies(transaction)).to.equal(true)
    expect(await verifies(spender)).to.equal(true)
    expect(node.node.follower.doubtful).to.equal(1) // the spender, which is not mined
  })

  it('believes no path that the headers do not confirm', async () => {
    const transaction = await token()
    const old = chain.statuses.get(transaction.id('hex'))!
    chain.reorganize(1)
    chain.statuses.set(transaction.id('hex'), old)
    await node.node.follower.round()
    expect(node.node.follower.doubtful).to.equal(1)
    expect(await kinds()).to.deep.equal(['admit'])
  })

  it('restores a token when another transaction took the place of the one that spent it', async () => {
    const coin = deepCoin()
    const transaction = await token()
    const fee = await spend([coin], [], [1000])
    const spender = await spendToken({ transaction, outputIndex: 0 })
    chain.mine(spender)
    await node.submit(spender)
    expect(await live()).to.equal(0)
    chain.reorganize(1)
    chain.mine(fee)
    chain.statuses.set(spender.id('hex'), { txStatus: 'DOUBLE_SPEND_ATTEMPTED', competingTxs: [fee.id('hex')] })
    await nextRound()
    // For ls_phip a claim that was spent has no live output; now none was.
    expect(await live()).to.equal(1)
    expect(await kinds()).to.deep.equal(['admit', 'spend', 'restore'])
    const { events } = await node.events('topic=tm_phip&since=2')
    expect(events[0]).to.include({ txid: transaction.id('hex'), outputIndex: 0 })
    const beef = Array.from(Buffer.from(String(events[0]!['beef']), 'base64'))
    expect(Transaction.fromBEEF(beef).id('hex')).to.equal(transaction.id('hex'))
    const rows = await node.lookup('ls_phip', { user: user.identityKey, includeSpent: true })
    expect(rows).to.deep.equal([{ outpoint: `${transaction.id('hex')}.0`, spentBy: null }])
  })

  it('does not restore what another stored transaction spends too', async () => {
    const transaction = await token()
    const first = await spendToken({ transaction, outputIndex: 0 })
    const second = await spendToken({ transaction, outputIndex: 0 }, undefined, undefined, [await phipScript()])
    await node.submit(first)
    await node.submit(second)
    chain.mine(second)
    chain.statuses.set(first.id('hex'), { txStatus: 'DOUBLE_SPEND_ATTEMPTED', competingTxs: [second.id('hex')] })
    await nextRound()
    const rows = await node.lookup('ls_phip', { user: user.identityKey, includeSpent: true })
    expect(rows).to.deep.include({ outpoint: `${transaction.id('hex')}.0`, spentBy: second.id('hex') })
  })

  it('waits as long as a double spend is not decided', async () => {
    const transaction = await token()
    const spender = await spendToken({ transaction, outputIndex: 0 })
    await node.submit(spender)
    const other = await spend([deepCoin()], [])
    for (const competingTxs of [[], [other.id('hex')]]) {
      chain.statuses.set(spender.id('hex'), { txStatus: 'DOUBLE_SPEND_ATTEMPTED', competingTxs })
      await nextRound()
      expect(await live()).to.equal(0)
    }
  })

  it('takes a token away when its own transaction is refused, and what hangs on it; and back when it is mined after all', async () => {
    const transaction = await token()
    const spender = await spendToken({ transaction, outputIndex: 0 }, undefined, undefined, [
      await phipScript({ origin: 'https://b.example' }),
    ])
    await node.submit(spender)
    chain.reorganize(1)
    for (const one of [transaction, spender]) {
      chain.statuses.delete(one.id('hex'))
      chain.refused.add(one.id('hex'))
    }
    await node.node.follower.round()
    expect(await live()).to.equal(1) // a first refusal may be for a parent that is not back yet
    await nextRound()
    expect(await live()).to.equal(0)
    expect(await kinds()).to.deep.equal(['admit', 'spend', 'admit', 'evict', 'evict'])
    expect(await node.lookup('ls_phip', { user: user.identityKey, includeSpent: true })).to.deep.equal([])
    node = await node.restart()
    expect(await live()).to.equal(0)

    chain.mine(transaction)
    await nextRound()
    expect(await live()).to.equal(1)
    expect((await kinds()).slice(5)).to.deep.equal(['restore'])
    chain.mine(spender)
    await nextRound()
    expect((await kinds()).slice(6)).to.deep.equal(['spend', 'restore'])
    const [row] = await node.lookup('ls_phip', { user: user.identityKey })
    expect(row?.outpoint).to.equal(`${spender.id('hex')}.0`)
  })

  it('takes back what was evicted when somebody submits it with a proof that holds', async () => {
    const transaction = await spend([deepCoin()], [await phipScript()])
    await node.submit(transaction)
    chain.statuses.set(transaction.id('hex'), { txStatus: 'REJECTED' })
    await nextRound()
    await nextRound()
    expect(await live()).to.equal(0)
    await node.submit(transaction) // without a proof
    expect(await live()).to.equal(0)
    chain.mine(transaction)
    await node.submit(transaction)
    expect(await live()).to.equal(1)
    expect(await kinds()).to.deep.equal(['admit', 'evict', 'restore'])
  })

  it('broadcasts again what the network forgot', async () => {
    const transaction = await token()
    chain.reorganize(1)
    chain.statuses.delete(transaction.id('hex'))
    await node.node.follower.round()
    expect(chain.broadcasts).to.deep.equal([transaction.toHex()])
    chain.mine(transaction)
    await nextRound()
    expect(await verifies(transaction)).to.equal(true)
  })

  it('changes nothing while the header service or ARC does not answer', async () => {
    const transaction = await token()
    chain.reorganize(1)
    chain.isHeaderServiceDown = true
    expect(await node.node.follower.round().catch((error: unknown) => error)).to.be.instanceOf(Error)
    chain.isHeaderServiceDown = false
    chain.statuses.delete(transaction.id('hex'))
    chain.arcAnswer = { status: 500, body: {} }
    for (let rounds = 0; rounds < 3; rounds++) await nextRound()
    expect(await kinds()).to.deep.equal(['admit'])
    expect(await live()).to.equal(1)
  })

  it('takes new paths by callback and by submit', async () => {
    const [first, second] = [await token(), await token()]
    chain.reorganize(60)
    for (const one of [first, second]) chain.mine(one)
    const body = JSON.stringify({ txid: first.id('hex'), merklePath: first.merklePath!.toHex() })
    expect((await fetch(`${node.url}/arc-ingest`, { method: 'POST', body })).status).to.equal(200)
    expect(await verifies(first)).to.equal(true)
    expect(await verifies(second)).to.equal(false)
    await node.node.follower.round()
    expect(await verifies(second)).to.equal(true)
  })

  it('asks when a callback brings bad news, and decides by itself', async () => {
    const transaction = await spend([deepCoin()], [await phipScript()])
    await node.submit(transaction)
    const txid = transaction.id('hex')
    const tell = (txStatus: string) =>
      fetch(`${node.url}/arc-ingest`, { method: 'POST', body: JSON.stringify({ txid, txStatus }) })
    for (const txStatus of ['REJECTED', 'DOUBLE_SPEND_ATTEMPTED']) {
      expect((await tell(txStatus)).status).to.equal(200)
      await nextRound()
      expect(await live()).to.equal(1)
    }
  })

  it('does not look at blocks again that are deep', async () => {
    const transaction = await token()
    await nextRound()
    expect(node.node.store.proofs.blocks()).to.have.length(1)
    chain.tip += 60
    await nextRound()
    expect(node.node.store.proofs.blocks()).to.deep.equal([])
    expect(await verifies(transaction)).to.equal(true)
  })

  it('finds after a start what happened while it was down', async () => {
    const transaction = await token()
    chain.reorganize(3)
    chain.mine(transaction)
    node = await node.restart()
    await nextRound()
    expect(await verifies(transaction)).to.equal(true)
  })

  it('lets nobody replace a transaction by a submit', async () => {
    const coin = deepCoin()
    const transaction = await spend([coin], [await phipScript()])
    await node.submit(transaction)
    const conflicting = await spend([coin], [await phipScript({ origin: 'https://b.example' })])
    expect((await postSubmit(node.url, Uint8Array.from(conflicting.toBEEF()))).status).to.equal(200)
    expect(await live()).to.equal(2)
  })
})
