import { ARC, BlockHeadersService, MerklePath, P2PKH, PrivateKey, Script, Transaction, UnlockingScript } from '@bsv/sdk'
import { expect } from 'chai'

import { coinFor, get, listenForCallbacks, post, spendCoin, type CallbackListener } from './chain-fixture.ts'
import { toLockingScript } from './locking-script.ts'
import { startLocalChain, type LocalChain } from './local-chain.ts'

describe('the broadcaster of the local chain', () => {
  const key = PrivateKey.fromHex('0a'.repeat(32))
  let chain: LocalChain
  let arc: ARC
  beforeEach(async () => {
    chain = await startLocalChain({ blockIntervalMs: 0 })
    arc = new ARC(chain.url)
  })
  afterEach(() => chain[Symbol.asyncDispose]())

  const send = (body: string | Uint8Array, contentType: string) =>
    fetch(`${chain.url}/v1/tx`, { method: 'POST', headers: { 'Content-Type': contentType }, body })

  it('takes a transaction from the SDK, once and again, and proves it after a block', async () => {
    const transaction = await spendCoin(await coinFor(chain, key), key)
    const txid = transaction.id('hex')

    expect(await arc.broadcast(transaction)).to.include({ status: 'success', txid })
    expect(await arc.broadcast(transaction)).to.include({ status: 'success', txid })
    expect(await get(chain, `/v1/tx/${txid}`)).to.include({ txStatus: 'SEEN_ON_NETWORK', merklePath: '' })

    const height = await chain.mine()
    const mined = await get(chain, `/v1/tx/${txid}`)
    expect(mined).to.include({ txStatus: 'MINED', blockHeight: height })
    const path = MerklePath.fromHex(String(mined.merklePath))
    expect(await path.verify(txid, new BlockHeadersService(chain.url))).to.equal(true)
    expect(await arc.broadcast(transaction)).to.include({ status: 'success', txid })
  })

  it('takes chains of unmined transactions', async () => {
    let transaction = await coinFor(chain, key)
    for (const amount of [99_000, 98_000, 97_000]) {
      transaction = await spendCoin(transaction, key, amount)
      expect(await arc.broadcast(transaction)).to.include({ status: 'success' })
    }
  })

  const forms = [
    { name: 'standard, as text', type: 'text/plain', body: (t: Transaction) => t.toHex() },
    {
      name: 'standard, as JSON',
      type: 'application/json',
      body: (t: Transaction) => JSON.stringify({ rawTx: t.toHex() }),
    },
    {
      name: 'extended, as bytes',
      type: 'application/octet-stream',
      body: (t: Transaction) => Uint8Array.from(t.toEF()),
    },
    { name: 'BEEF, as text', type: 'text/plain', body: (t: Transaction) => t.toHexBEEF() },
    {
      name: 'atomic BEEF, as bytes',
      type: 'application/octet-stream',
      body: (t: Transaction) => Uint8Array.from(t.toAtomicBEEF()),
    },
  ]
  for (const { name, type, body } of forms) {
    it(`reads a transaction: ${name}`, async () => {
      const transaction = await spendCoin(await coinFor(chain, key), key)
      const answer = await send(body(transaction), type)
      expect(answer.status).to.equal(200)
      expect(await answer.json()).to.include({ txid: transaction.id('hex'), txStatus: 'SEEN_ON_NETWORK' })
    })
  }

  it('takes the unmined parents that a BEEF brings along, and a BEEF of what is mined already', async () => {
    const parent = await spendCoin(await coinFor(chain, key), key)
    const child = await spendCoin(parent, key, 98_000)
    expect((await send(child.toHexBEEF(), 'text/plain')).status).to.equal(200)
    expect(await get(chain, `/v1/tx/${parent.id('hex')}`)).to.include({ txStatus: 'SEEN_ON_NETWORK' })

    await chain.mine()
    const { merklePath } = await get(chain, `/v1/tx/${child.id('hex')}`)
    child.merklePath = MerklePath.fromHex(String(merklePath))
    const answer = await send(child.toHexBEEF(), 'text/plain')
    expect(await answer.json()).to.include({ txid: child.id('hex'), txStatus: 'MINED' })
  })

  it('answers a double spend as ARC does, before and after the first is mined', async () => {
    const coin = await coinFor(chain, key)
    const first = await spendCoin(coin, key)
    const second = await spendCoin(coin, key, 98_000)
    await arc.broadcast(first)

    const attempt = await arc.broadcast(second)
    expect(attempt).to.include({ status: 'error', code: 'DOUBLE_SPEND_ATTEMPTED', txid: second.id('hex') })
    expect(attempt)
      .to.have.nested.property('more.competingTxs')
      .that.deep.equals([first.id('hex')])
    expect(await get(chain, `/v1/tx/${second.id('hex')}`)).to.include({ txStatus: 'DOUBLE_SPEND_ATTEMPTED' })

    await chain.mine()
    expect(await get(chain, `/v1/tx/${first.id('hex')}`)).to.include({ txStatus: 'MINED' })
    expect(await get(chain, `/v1/tx/${second.id('hex')}`)).to.include({ txStatus: 'REJECTED' })
    expect(await arc.broadcast(second)).to.include({ status: 'error', code: 'SEEN_IN_ORPHAN_MEMPOOL' })
  })

  const bad = [
    {
      name: 'a signature of another key',
      status: 461,
      make: (coin: Transaction) => spendCoin(coin, PrivateKey.fromHex('0b'.repeat(32))),
    },
    { name: 'more out than in', status: 465, make: (coin: Transaction) => spendCoin(coin, key, 100_001) },
    { name: 'too low a fee', status: 465, make: (coin: Transaction) => spendCoin(coin, key, 99_999) },
    {
      name: 'no outputs',
      status: 464,
      make: async (coin: Transaction) => without(await spendCoin(coin, key), 'outputs'),
    },
    {
      name: 'no inputs',
      status: 462,
      make: async (coin: Transaction) => without(await spendCoin(coin, key), 'inputs'),
    },
  ]
  for (const { name, status, make } of bad) {
    it(`refuses ${name} with ${status}`, async () => {
      const transaction = await make(await coinFor(chain, key))
      expect(await arc.broadcast(transaction)).to.include({ status: 'error', code: String(status) })
      expect(await get(chain, `/v1/tx/${transaction.id('hex')}`)).to.include({ status: 404 })
    })
  }

  const unreadable = [
    { name: 'nothing', body: '', status: 400 },
    { name: 'no hexadecimal', body: 'xyz', status: 400 },
    { name: 'half a transaction', body: '0100000001ab', status: 463 },
    { name: 'a transaction with bytes after it', body: `${new Transaction().toHex()}00`, status: 463 },
  ]
  for (const { name, body, status } of unreadable) {
    it(`refuses ${name} with ${status}`, async () => {
      expect((await send(body, 'text/plain')).status).to.equal(status)
    })
  }

  it('tells an input that it cannot find from one whose parents were given', async () => {
    const unknown = new Transaction()
    unknown.addOutput({ lockingScript: new P2PKH().lock(key.toAddress()), satoshis: 100_000 })
    const orphan = await spendCoin(unknown, key)
    expect(await arc.broadcast(orphan)).to.include({ code: 'SEEN_IN_ORPHAN_MEMPOOL' })
    expect((await send(orphan.toHex(), 'text/plain')).status).to.equal(460)
  })

  it('refuses a BEEF whose proof is of another chain with 469', async () => {
    await using other = await startLocalChain({ blockIntervalMs: 0 })
    const lockingScript = new P2PKH().lock(key.toAddress()).toHex()
    await post(other, '/faucet', { lockingScript, satoshis: 5000 })
    const elsewhere = await coinFor(other, key)
    await arc.broadcast(await coinFor(chain, key))
    await arc.broadcast(await coinFor(chain, key))
    await chain.mine()
    await other.mine()
    const { merklePath } = await get(other, `/v1/tx/${elsewhere.id('hex')}`)
    elsewhere.merklePath = MerklePath.fromHex(String(merklePath))
    const spend = await spendCoin(elsewhere, key)
    expect((await send(spend.toHexBEEF(), 'text/plain')).status).to.equal(469)
  })

  it('lets a coinbase be spent when 100 blocks are above it', async () => {
    const height = await chain.mine()
    const coinbase = coinbaseAt(height)
    const spend = new Transaction()
    spend.addInput({ sourceTransaction: coinbase, sourceOutputIndex: 0, unlockingScript: new UnlockingScript() })
    spend.addOutput({ lockingScript: new P2PKH().lock(key.toAddress()), satoshis: 4_999_999_000 })

    await chain.mine(99)
    const early = await arc.broadcast(spend)
    expect(early).to.include({ status: 'error', code: 'REJECTED' })
    expect(early).to.have.property('description').that.includes('premature')
    await chain.mine()
    expect(await arc.broadcast(spend)).to.include({ status: 'success' })
  })

  it('says what it charges', async () => {
    expect(await get(chain, '/v1/policy'))
      .to.have.nested.property('policy.miningFee')
      .that.deep.equals({ satoshis: 100, bytes: 1000 })
  })

  describe('callbacks', () => {
    let listener: CallbackListener
    beforeEach(async () => {
      listener = await listenForCallbacks()
    })
    afterEach(() => listener[Symbol.asyncDispose]())
    const subscribed = () => new ARC(chain.url, { callbackUrl: listener.url, callbackToken: 'secret' })

    it('come when the transaction is mined, with its proof and the token, after a refusal too', async () => {
      listener.refuse(1)
      const transaction = await spendCoin(await coinFor(chain, key), key)
      await subscribed().broadcast(transaction)
      const height = await chain.mine()

      const { authorization, body } = await listener.next()
      expect(authorization).to.equal('Bearer secret')
      expect(body).to.include({ txid: transaction.id('hex'), txStatus: 'MINED', blockHeight: height })
      const path = MerklePath.fromHex(String(body.merklePath))
      expect(await path.verify(transaction.id('hex'), new BlockHeadersService(chain.url))).to.equal(true)
    })

    it('come at once for one that is mined already, and again after a reorg', async () => {
      const transaction = await spendCoin(await coinFor(chain, key), key)
      await arc.broadcast(transaction)
      const height = await chain.mine()
      await subscribed().broadcast(transaction)
      expect((await listener.next()).body).to.include({ txStatus: 'MINED', blockHeight: height })

      await post(chain, '/reorg', { depth: 1 })
      expect((await listener.next()).body).to.include({ txStatus: 'MINED', blockHeight: height + 1 })
      await post(chain, '/reorg', { depth: 2, leaveOut: [transaction.id('hex')] })
      expect((await listener.next()).body).to.include({ txStatus: 'MINED_IN_STALE_BLOCK' })
      await post(chain, '/reorg', { depth: 1, drop: [transaction.id('hex')] })
      expect((await listener.next()).body).to.include({ txStatus: 'REJECTED' })
    })

    it('need an HTTP address', async () => {
      const transaction = await spendCoin(await coinFor(chain, key), key)
      const lost = new ARC(chain.url, { callbackUrl: 'file:///etc/passwd' })
      expect(await lost.broadcast(transaction)).to.include({ status: 'error', code: '400' })
    })
  })
})

function without(transaction: Transaction, part: 'inputs' | 'outputs'): Transaction {
  const { version, inputs, outputs } = transaction
  return new Transaction(version, part === 'inputs' ? [] : inputs, part === 'outputs' ? [] : outputs)
}

/** The coinbase that the mock chain makes: its script holds the height, its output can be spent by anyone. */
function coinbaseAt(height: number): Transaction {
  const coinbase = new Transaction()
  coinbase.addInput({
    sourceTXID: '00'.repeat(32),
    sourceOutputIndex: 0xffffffff,
    unlockingScript: new UnlockingScript(Script.fromBinary([1, height]).chunks),
    sequence: 0xffffffff,
  })
  coinbase.addOutput({ lockingScript: toLockingScript([0x51]), satoshis: 5_000_000_000 })
  return coinbase
}
