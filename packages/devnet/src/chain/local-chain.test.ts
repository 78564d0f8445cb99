import { ARC, BlockHeadersService, PrivateKey } from '@bsv/sdk'
import { expect } from 'chai'

import { coinFor, get, listenForCallbacks, post, spendCoin } from './chain-fixture.ts'
import { startLocalChain } from './local-chain.ts'

describe('the local chain', () => {
  it('mines by itself what waits, and nothing while nothing does', async () => {
    await using chain = await startLocalChain({ blockIntervalMs: 20 })
    await using listener = await listenForCallbacks()
    const { height } = await get(chain, '/tip')
    const key = PrivateKey.fromHex('0a'.repeat(32))
    const coin = await coinFor(chain, key)
    const spend = await spendCoin(coin, key)
    await new ARC(chain.url, { callbackUrl: listener.url }).broadcast(spend)
    expect((await listener.next()).body).to.include({ txid: spend.id('hex'), txStatus: 'MINED' })
    // At most one block for each of the two transactions: none was empty.
    expect((await get(chain, '/tip')).height).to.be.within(Number(height) + 1, Number(height) + 2)
  })

  it('mines by command', async () => {
    await using chain = await startLocalChain({ blockIntervalMs: 0 })
    const { height } = await get(chain, '/health')
    const key = PrivateKey.fromHex('0a'.repeat(32))
    const spend = await spendCoin(await coinFor(chain, key), key)
    await new ARC(chain.url).broadcast(spend)
    const answer = (await post(chain, '/blocks', { count: 3 })) as { height: number; blocks: { txids: string[] }[] }
    expect(answer.height).to.equal(Number(height) + 3)
    expect(answer.blocks[0]?.txids).to.include(spend.id('hex'))
    expect(await new BlockHeadersService(chain.url).currentHeight()).to.equal(answer.height)
  })

  it('tells a root that is there from one that is not, and from one of the future', async () => {
    await using chain = await startLocalChain({ blockIntervalMs: 0 })
    const { height, merkleRoot } = await get(chain, '/tip')
    const tracker = new BlockHeadersService(chain.url)
    expect(await tracker.isValidRootForHeight(String(merkleRoot), Number(height))).to.equal(true)
    expect(await tracker.isValidRootForHeight('ab'.repeat(32), Number(height))).to.equal(false)
    const answer = await fetch(`${chain.url}/api/v1/chain/merkleroot/verify`, {
      method: 'POST',
      body: JSON.stringify([
        { blockHeight: height, merkleRoot },
        { blockHeight: Number(height) + 1, merkleRoot },
      ]),
    })
    expect(await answer.json()).to.include({ confirmationState: 'UNABLE_TO_VERIFY' })
  })

  const bad = [
    { path: '/nowhere', body: {}, status: 404 },
    { path: '/wallets/a/fly', body: {}, status: 404 },
    { path: '/wallets/-/getPublicKey', body: {}, status: 400 },
    { path: '/faucet', body: { wallet: 'a', satoshis: -1 }, status: 400 },
    { path: '/faucet', body: { wallet: 'a', satoshis: 5_000_000_000 }, status: 429 },
    { path: '/faucet', body: { wallet: '../a' }, status: 400 },
    { path: '/blocks', body: { count: 0 }, status: 400 },
    { path: '/blocks', body: [], status: 400 },
  ]
  for (const { path, body, status } of bad) {
    it(`answers ${status} to ${JSON.stringify(body)} at ${path}`, async () => {
      await using chain = await startLocalChain({ blockIntervalMs: 0, initialSatoshis: 0 })
      const answer = await fetch(chain.url + path, { method: 'POST', body: JSON.stringify(body) })
      expect(answer.status).to.equal(status)
      expect(await answer.json()).to.include({ status: 'error' })
    })
  }

  it('starts within 2 seconds, with money in a wallet', async () => {
    const startMs = performance.now()
    await using chain = await startLocalChain()
    expect(await get(chain, '/wallets/host')).to.include({ satoshis: 10_000_000 })
    expect(performance.now() - startMs).to.be.below(2000)
  })

  it('does not start on a port that is taken', async () => {
    await using chain = await startLocalChain()
    const port = Number(new URL(chain.url).port)
    const fault = await startLocalChain({ port }).catch((error: unknown) => error)
    expect(fault).to.have.property('code', 'EADDRINUSE')
  })
})
