import type { Transaction } from '@bsv/sdk'
import { ARC, Beef, BlockHeadersService, HTTPWalletJSON, MerklePath, PrivateKey } from '@bsv/sdk'
import { expect } from 'chai'

import { coinFor, get, post, spendCoin } from './chain-fixture.ts'
import { startLocalChain, type LocalChain } from './local-chain.ts'

describe('reorgs of the local chain', () => {
  const key = PrivateKey.fromHex('0a'.repeat(32))
  let chain: LocalChain
  let arc: ARC
  let tracker: BlockHeadersService
  beforeEach(async () => {
    chain = await startLocalChain({ blockIntervalMs: 0 })
    arc = new ARC(chain.url)
    tracker = new BlockHeadersService(chain.url)
  })
  afterEach(() => chain[Symbol.asyncDispose]())

  async function minedSpend(coin: Transaction, amount?: number): Promise<{ txid: string; path: MerklePath }> {
    const transaction = await spendCoin(coin, key, amount)
    await arc.broadcast(transaction)
    await chain.mine()
    return { txid: transaction.id('hex'), path: await pathOf(transaction.id('hex')) }
  }

  const pathOf = async (txid: string) => MerklePath.fromHex(String((await get(chain, `/v1/tx/${txid}`)).merklePath))

  it('move transactions to other blocks: old proofs fail, new ones hold, headers tell', async () => {
    const { txid, path } = await minedSpend(await coinFor(chain, key))
    const height = path.blockHeight
    const [before] = await headers(chain, height, 1)

    const outcome = await post(chain, '/reorg', { depth: 1 })
    expect(outcome).to.deep.include({ firstHeight: height, height: height + 1, removedHashes: [before!.hash] })
    expect(outcome.movedTxids).to.include(txid)

    expect(await path.verify(txid, tracker)).to.equal(false)
    const moved = await pathOf(txid)
    expect(moved.blockHeight).to.equal(height + 1)
    expect(await moved.verify(txid, tracker)).to.equal(true)

    const [parent, one, two] = await headers(chain, height - 1, 9)
    expect(one!.hash).not.to.equal(before!.hash)
    expect([one!.prevBlockHash, two!.prevBlockHash]).to.deep.equal([parent!.hash, one!.hash])
    expect((await fetch(`${chain.url}/api/v1/chain/header/${before!.hash}`)).status).to.equal(400)
    expect(await tracker.currentHeight()).to.equal(height + 1)
  })

  it('send a transaction and what spends it back to the mempool', async () => {
    const coin = await coinFor(chain, key)
    await chain.mine()
    const parent = await spendCoin(coin, key)
    const child = await spendCoin(parent, key, 98_000)
    await arc.broadcast(parent)
    await arc.broadcast(child)
    await chain.mine()

    const outcome = await post(chain, '/reorg', { depth: 1, leaveOut: [parent.id('hex')] })
    expect(outcome.returnedTxids).to.have.members([parent.id('hex'), child.id('hex')])
    for (const one of [parent, child]) {
      expect(await get(chain, `/v1/tx/${one.id('hex')}`)).to.include({ txStatus: 'SEEN_ON_NETWORK' })
    }
    await chain.mine()
    expect(await (await pathOf(child.id('hex'))).verify(child.id('hex'), tracker)).to.equal(true)
  })

  it('put a conflicting transaction in the place of one that was mined', async () => {
    const coin = await coinFor(chain, key)
    await chain.mine()
    const { txid: lost } = await minedSpend(coin)
    const winner = await spendCoin(coin, key, 98_000)

    const outcome = await post(chain, '/reorg', { depth: 1, replace: [winner.toHexEF()] })
    expect(outcome.droppedTxids).to.deep.equal([lost])
    expect(await get(chain, `/v1/tx/${lost}`)).to.include({ status: 404 })
    expect(await get(chain, `/v1/tx/${winner.id('hex')}`)).to.include({ txStatus: 'MINED' })
    expect(await arc.broadcast(await spendCoin(coin, key))).to.include({ status: 'error' })
  })

  it('leave wallets with proofs that hold, and with coins back that a dropped transaction had spent', async () => {
    const wallet = new HTTPWalletJSON('host.example', chain.walletUrl('host'))
    const create = async (basket: string) => {
      const { txid } = await wallet.createAction({
        description: 'make an output',
        outputs: [{ lockingScript: '51', satoshis: 1000, outputDescription: 'for anyone', basket }],
      })
      return txid!
    }
    const list = (basket: string) => wallet.listOutputs({ basket, include: 'entire transactions' })
    const balance = async () => (await get(chain, '/wallets/host')).satoshis

    const kept = await create('kept')
    await chain.mine()
    await post(chain, '/reorg', { depth: 1 })
    const beef = Beef.fromBinary((await list('kept')).BEEF!)
    expect(await beef.findAtomicTransaction(kept)!.verify(tracker)).to.equal(true)

    const before = await balance()
    const gone = await create('gone')
    await chain.mine()
    await post(chain, '/reorg', { depth: 1, drop: [gone] })
    expect((await list('gone')).outputs).to.deep.equal([])
    expect(await balance()).to.equal(before)
    await create('again')
    await chain.mine()
    expect((await list('again')).outputs).to.have.length(1)
  })

  const bad = [
    { name: 'no depth', body: {} },
    { name: 'a depth of 0', body: { depth: 0 } },
    { name: 'a depth that reaches coinbases that may be spent', body: { depth: 100 } },
    { name: 'a branch that is not longer', body: { depth: 3, blocks: 3 } },
    { name: 'a transaction that is not known', body: { depth: 1, drop: ['ab'.repeat(32)] } },
  ]
  for (const { name, body } of bad) {
    it(`refuse ${name}`, async () => {
      const tip = await get(chain, '/tip')
      const answer = await fetch(`${chain.url}/reorg`, { method: 'POST', body: JSON.stringify(body) })
      expect(answer.status).to.equal(400)
      expect(await get(chain, '/tip')).to.deep.equal(tip)
    })
  }
})

async function headers(
  chain: LocalChain,
  height: number,
  count: number,
): Promise<{ hash: string; prevBlockHash: string }[]> {
  const answer = await fetch(`${chain.url}/api/v1/chain/header/byHeight?height=${height}&count=${count}`)
  return (await answer.json()) as { hash: string; prevBlockHash: string }[]
}
