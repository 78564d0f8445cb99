import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import {
  Beef,
  BlockHeadersService,
  HTTPWalletJSON,
  PrivateKey,
  ProtoWallet,
  PushDrop,
  Transaction,
  type BEEF,
  type WalletInterface,
  type WalletProtocol,
} from '@bsv/sdk'
import { expect } from 'chai'

import { get, post } from './chain-fixture.ts'
import { toLockingScript } from './locking-script.ts'
import { startLocalChain, type LocalChain } from './local-chain.ts'

const protocolID: WalletProtocol = [2, 'peerserv host interconnect']
const keyID = '1'
const basket = 'phip tokens'
/** A DER signature of at most 72 bytes, its hash type, and the byte that pushes them. */
const unlockingScriptLength = 74

/** A host as the advertiser will see it: a key that signs tokens, and a wallet of somebody else that pays for them. */
class Host {
  readonly identity = new ProtoWallet(PrivateKey.fromHex('0c'.repeat(32)))
  readonly wallet: HTTPWalletJSON
  readonly tracker: BlockHeadersService

  constructor(chain: LocalChain, name = 'host-a') {
    this.wallet = new HTTPWalletJSON('host-a.example', chain.walletUrl(name))
    this.tracker = new BlockHeadersService(chain.url)
  }

  async createTokens(names: readonly string[]): Promise<Transaction> {
    const template = new PushDrop(this.identity as unknown as WalletInterface)
    const outputs = []
    for (const name of names) {
      const fields = [[...Buffer.from('TEST')], [...Buffer.from(name)]]
      const lockingScript = await template.lock(fields, protocolID, keyID, 'anyone', true)
      outputs.push({
        lockingScript: lockingScript.toHex(),
        satoshis: 1,
        outputDescription: 'routing token',
        basket,
        customInstructions: JSON.stringify({ name }),
        tags: ['phip'],
      })
    }
    const { tx } = await this.wallet.createAction({
      description: 'advertise routes',
      labels: ['phip'],
      outputs,
      options: { randomizeOutputs: false, acceptDelayedBroadcast: false },
    })
    return Transaction.fromAtomicBEEF(tx!)
  }

  tokens() {
    return this.wallet.listOutputs({
      basket,
      include: 'entire transactions',
      includeCustomInstructions: true,
      limit: 1000,
    })
  }

  async spendTokens(outpoints: readonly string[], inputBEEF: BEEF): Promise<Transaction> {
    const { signableTransaction } = await this.wallet.createAction({
      description: 'withdraw routes',
      inputBEEF,
      inputs: outpoints.map((outpoint) => ({ outpoint, unlockingScriptLength, inputDescription: 'routing token' })),
      options: { acceptDelayedBroadcast: false },
    })
    const unsigned = Transaction.fromAtomicBEEF(signableTransaction!.tx)
    const template = new PushDrop(this.identity as unknown as WalletInterface)
    const spends: Record<number, { unlockingScript: string }> = {}
    for (const [index, input] of unsigned.inputs.entries()) {
      if (!outpoints.includes(`${input.sourceTXID!}.${input.sourceOutputIndex}`)) continue // the wallet's own money
      const unlockingScript = await template.unlock(protocolID, keyID, 'anyone').sign(unsigned, index)
      spends[index] = { unlockingScript: unlockingScript.toHex() }
    }
    const { tx } = await this.wallet.signAction({ reference: signableTransaction!.reference, spends })
    return Transaction.fromAtomicBEEF(tx!)
  }
}

describe('the wallets of the local chain', () => {
  let chain: LocalChain
  let host: Host
  beforeEach(async () => {
    chain = await startLocalChain({ blockIntervalMs: 0 })
    host = new Host(chain)
  })
  afterEach(() => chain[Symbol.asyncDispose]())

  it('keep tokens that a key of somebody else locks, several of one transaction', async () => {
    const made = await host.createTokens(['a', 'b', 'c'])
    expect(await made.verify(host.tracker), 'unmined, on proven ancestors').to.equal(true)

    const { outputs, BEEF } = await host.tokens()
    expect(outputs.map(({ outpoint }) => outpoint).toSorted()).to.deep.equal(
      [0, 1, 2].map((n) => `${made.id('hex')}.${n}`),
    )
    expect(outputs.map(({ customInstructions }) => customInstructions).toSorted()).to.deep.equal(
      ['a', 'b', 'c'].map((name) => JSON.stringify({ name })),
    )
    const beef = Beef.fromBinary(BEEF!)
    for (const { outpoint } of outputs) {
      const [txid, index] = outpoint.split('.')
      const { lockingScript } = beef.findTxid(txid!)!.tx!.outputs[Number(index)]!
      expect(PushDrop.decode(lockingScript).fields).to.have.length(3)
    }
    expect(await beef.verify(host.tracker)).to.equal(true)
  })

  it('spend several tokens in one transaction, signed by the key that locks them', async () => {
    await host.createTokens(['a', 'b', 'c'])
    const { outputs, BEEF } = await host.tokens()
    const spent = await host.spendTokens(
      outputs.slice(0, 2).map(({ outpoint }) => outpoint),
      BEEF!,
    )
    expect(await spent.verify(host.tracker)).to.equal(true)
    expect(await get(chain, `/v1/tx/${spent.id('hex')}`)).to.include({ txStatus: 'SEEN_ON_NETWORK' })
    expect((await host.tokens()).outputs.map(({ outpoint }) => outpoint)).to.deep.equal([outputs[2]!.outpoint])

    await chain.mine()
    const last = await host.tokens()
    await host.spendTokens([last.outputs[0]!.outpoint], last.BEEF!)
    expect((await host.tokens()).outputs).to.deep.equal([])
  })

  it('give scripts instead of transactions when asked', async () => {
    await host.createTokens(['a'])
    const { outputs } = await host.wallet.listOutputs({ basket, include: 'locking scripts' })
    expect(PushDrop.decode(toLockingScript(Buffer.from(outputs[0]!.lockingScript!, 'hex'))).fields[1]).to.deep.equal([
      ...Buffer.from('a'),
    ])
  })

  it('give transactions with their own Merkle path after a block', async () => {
    const made = await host.createTokens(['a'])
    await chain.mine()
    const beef = Beef.fromBinary((await host.tokens()).BEEF!)
    expect(beef.findTxid(made.id('hex'))?.bumpIndex).to.be.a('number')
    expect(await beef.findAtomicTransaction(made.id('hex'))!.verify(host.tracker)).to.equal(true)
  })

  it('broadcast what the caller left to them before they answer', async () => {
    const { txid } = await host.wallet.createAction({
      description: 'left to the wallet',
      outputs: [{ lockingScript: '51', satoshis: 1000, outputDescription: 'for anyone' }],
    })
    expect(await get(chain, `/v1/tx/${txid!}`)).to.include({ txStatus: 'SEEN_ON_NETWORK' })
  })

  it('spend no coin twice when asked for many transactions at once', async () => {
    const made = await Promise.all(['a', 'b', 'c', 'd', 'e', 'f'].map((name) => host.createTokens([name])))
    const inputs = made.flatMap((one) => one.inputs.map((input) => `${input.sourceTXID!}.${input.sourceOutputIndex}`))
    expect(new Set(inputs).size).to.equal(inputs.length)
    await chain.mine()
    expect((await host.tokens()).outputs).to.have.length(6)
    for (const one of made) expect(await get(chain, `/v1/tx/${one.id('hex')}`)).to.include({ txStatus: 'MINED' })
  })

  it('forget an output when told to', async () => {
    const made = await host.createTokens(['a', 'b'])
    await host.wallet.relinquishOutput({ basket, output: `${made.id('hex')}.0` })
    expect((await host.tokens()).outputs.map(({ outpoint }) => outpoint)).to.deep.equal([`${made.id('hex')}.1`])
  })

  it('are told apart by name, have a key each, and the same again on another chain', async () => {
    await using other = await startLocalChain({ blockIntervalMs: 0 })
    const keyOf = (host: Host) => host.wallet.getPublicKey({ identityKey: true }).then(({ publicKey }) => publicKey)
    expect(await keyOf(new Host(other))).to.equal(await keyOf(host))
    expect(await keyOf(new Host(chain, 'host-b'))).not.to.equal(await keyOf(host))
  })

  it('sign, verify, encrypt and compute codes as a ProtoWallet with their key does', async () => {
    const { publicKey: counterparty } = await host.wallet.getPublicKey({ identityKey: true })
    const { publicKey: own } = await host.identity.getPublicKey({ identityKey: true })
    const data = [1, 2, 3]
    const { signature } = await host.wallet.createSignature({ data, protocolID, keyID, counterparty: own })
    expect(await host.identity.verifySignature({ data, signature, protocolID, keyID, counterparty })).to.include({
      valid: true,
    })
    const { ciphertext } = await host.identity.encrypt({ plaintext: data, protocolID, keyID, counterparty })
    expect(await host.wallet.decrypt({ ciphertext, protocolID, keyID, counterparty: own })).to.deep.equal({
      plaintext: data,
    })
    const { hmac } = await host.wallet.createHmac({ data, protocolID, keyID, counterparty: own })
    expect(await host.identity.verifyHmac({ data, hmac, protocolID, keyID, counterparty })).to.include({ valid: true })
  })

  it('get what they are given at first, and more from the faucet', async () => {
    expect(await get(chain, '/wallets/host-a')).to.include({ satoshis: 10_000_000 })
    await post(chain, '/faucet', { wallet: 'host-a', satoshis: 5000 })
    expect(await get(chain, '/wallets/host-a')).to.include({ satoshis: 10_005_000 })
  })

  it('say what is missing in the way that the SDK understands', async () => {
    const pay = (satoshis: number, lockingScript = '51') =>
      host.wallet
        .createAction({
          description: 'too much',
          outputs: [{ lockingScript, satoshis, outputDescription: 'for anyone' }],
        })
        .catch((error: unknown) => error)
    expect(await pay(20_000_000))
      .to.include({ name: 'WERR_INSUFFICIENT_FUNDS' })
      .and.to.have.property('moreSatoshisNeeded')
    expect(await pay(1, 'xyz'))
      .to.be.an('error')
      .with.property('message')
      .that.includes('lockingScript')
  })

  it('go on after a stop when the chain has a folder', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'overpost-chain-'))
    try {
      const first = await startLocalChain({ blockIntervalMs: 0, dir })
      const made = await new Host(first).createTokens(['a'])
      await first[Symbol.asyncDispose]()
      await using second = await startLocalChain({ blockIntervalMs: 0, dir })
      await second.mine()
      const tokens = await new Host(second).tokens()
      expect(tokens.outputs.map(({ outpoint }) => outpoint)).to.deep.equal([`${made.id('hex')}.0`])
      expect(await get(second, `/v1/tx/${made.id('hex')}`)).to.include({ txStatus: 'MINED' })
    } finally {
      await rm(dir, { recursive: true })
    }
  })
})
