import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  BlockHeadersService,
  LockingScript,
  P2PKH,
  PrivateKey,
  PushDrop,
  Transaction,
  type WalletInterface,
} from '@bsv/sdk'
import { IdentityWallet, nodeTransport, type NodeTransport } from '@overpost/auth'
import { MessageBoxClient } from '@overpost/client'
import { startLocalChain, type LocalChain } from '@overpost/devnet'
import { createHost, hostConfigSchema, type Host } from '@overpost/host'
import { overlayConfigSchema, startOverlayNode, type OverlayNode } from '@overpost/overlay'
import { bytesToHex, phipTokenKey, walletKey } from '@overpost/protocol'
import { expect } from 'chai'
import { bodiesIn, newPerson } from '../support/person.ts'
import { lookUp } from '../support/overlay-lookup.ts'
import { recordingLog } from '../support/recording-log.ts'
import { tokenScript } from '../support/tokens.ts'
import { TrapHost } from '../support/trap-host.ts'
import { until } from '../support/until.ts'

/** An overlay node on the local chain, which turns back. Everything is real: scripts, Merkle paths, ARC, callbacks, headers. */
describe('an overlay node on a chain that turns back', function () {
  this.timeout(60_000)

  const key = PrivateKey.fromHex('0a'.repeat(32))
  const host = new IdentityWallet('22'.repeat(32))
  let chain: LocalChain
  let node: OverlayNode
  let dataDir: string
  beforeEach(async () => {
    chain = await startLocalChain({ blockIntervalMs: 0 })
    dataDir = mkdtempSync(join(tmpdir(), 'overpost-reorg-'))
    const config = overlayConfigSchema.parse({
      listen: { port: 0 },
      dataDir,
      development: true,
      headers: { url: chain.url },
      arc: { url: chain.url },
      reorgs: { pollMs: 50 },
      logLevel: 'silent',
    })
    node = await startOverlayNode(config)
  })
  afterEach(async () => {
    await node[Symbol.asyncDispose]()
    await chain[Symbol.asyncDispose]()
    rmSync(dataDir, { recursive: true, force: true })
  })

  const p2pkh = new P2PKH()
  const post = async (path: string, body: object): Promise<Record<string, unknown>> => {
    const answer = await fetch(chain.url + path, { method: 'POST', body: JSON.stringify(body) })
    const json = (await answer.json()) as Record<string, unknown>
    expect(answer.status, JSON.stringify(json)).to.equal(200)
    return json
  }
  /** A mined coin of 100,000 satoshis. */
  const coin = async (): Promise<Transaction> => {
    const paid = await post('/faucet', { lockingScript: p2pkh.lock(key.toAddress()).toHex(), satoshis: 100_000 })
    await chain.mine()
    return Transaction.fromAtomicBEEF([...Buffer.from(String(paid['beef']), 'hex')])
  }
  const pay = async (from: Transaction, satoshis: number, script?: Uint8Array): Promise<Transaction> => {
    const transaction = new Transaction()
    transaction.addInput({ sourceTransaction: from, sourceOutputIndex: 0, unlockingScriptTemplate: p2pkh.unlock(key) })
    if (script !== undefined) {
      // The SDK types what fromHex gives as a plain script.
      const lockingScript = new LockingScript(LockingScript.fromHex(bytesToHex(script)).chunks)
      transaction.addOutput({ lockingScript, satoshis: 1 })
    }
    transaction.addOutput({ lockingScript: p2pkh.lock(key.toAddress()), satoshis })
    await transaction.sign()
    return transaction
  }
  /** Spends the token, and a coin that pays for it. */
  const revoke = async (token: Transaction, fee: Transaction): Promise<Transaction> => {
    const { protocolID, keyID } = walletKey(phipTokenKey)
    const transaction = new Transaction()
    const unlockingScriptTemplate = new PushDrop(host as unknown as WalletInterface).unlock(protocolID, keyID, 'anyone')
    transaction.addInput({ sourceTransaction: token, sourceOutputIndex: 0, unlockingScriptTemplate })
    transaction.addInput({ sourceTransaction: fee, sourceOutputIndex: 0, unlockingScriptTemplate: p2pkh.unlock(key) })
    transaction.addOutput({ lockingScript: p2pkh.lock(key.toAddress()), satoshis: 99_000 })
    await transaction.sign()
    return transaction
  }
  const submit = async (transaction: Transaction) => {
    const headers = { 'Content-Type': 'application/octet-stream', 'X-Topics': '["tm_phip"]' }
    const body = Uint8Array.from(transaction.toBEEF())
    const answer = await fetch(`${node.url}/submit`, { method: 'POST', headers, body })
    expect(answer.status, await answer.text()).to.equal(200)
    await chain.mine()
    await until('the proof', async () =>
      Promise.resolve(node.store.findTransaction(transaction.id('hex'))?.height != null),
    )
  }
  const kinds = async () => {
    const answer = await fetch(`${node.url}/events?topic=tm_phip&wait=0`)
    return ((await answer.json()) as { events: { kind: string }[] }).events.map(({ kind }) => kind)
  }

  const user = newPerson()
  const mint = async (from: Transaction, origin = 'https://relay.example') => {
    const now = Date.now()
    const dates = { issuedAtMs: now, expiresAtMs: now + 86_400_000 }
    const terms = { userKey: user.key, origin, dates }
    const transaction = await pay(from, 99_000, await tokenScript(host, user.wallet, terms))
    await submit(transaction)
    expect(await lookUp(node.url, user.key)).to.have.length(1)
    return transaction
  }
  const replaceBy = async (transaction: Transaction) => post('/reorg', { depth: 1, replace: [transaction.toHexEF()] })

  it('answers with proofs that hold, soon after', async () => {
    await mint(await coin())
    await post('/reorg', { depth: 3 })
    const tracker = new BlockHeadersService(chain.url)
    await until('a proof that holds', async () => {
      const [output] = await lookUp(node.url, user.key)
      return Transaction.fromBEEF(Array.from(output!.beef))
        .verify(tracker)
        .catch(() => false)
    })
  })

  it('brings a token back when another transaction takes the place of its spend', async () => {
    const token = await mint(await coin())
    const fee = await coin()
    await submit(await revoke(token, fee))
    expect(await lookUp(node.url, user.key)).to.deep.equal([])
    await replaceBy(await pay(fee, 98_000))
    await until('the token', async () => (await lookUp(node.url, user.key)).length === 1)
    expect(await kinds()).to.deep.equal(['admit', 'spend', 'restore'])
  })

  it('takes a token away when another transaction takes the place of its own', async () => {
    const money = await coin()
    await mint(money)
    await replaceBy(await pay(money, 98_000))
    await until('no token', async () => (await lookUp(node.url, user.key)).length === 0)
    expect(await kinds()).to.deep.equal(['admit', 'evict'])
    expect(await lookUp(node.url, user.key, { includeSpent: true })).to.deep.equal([])
  })

  /** A host that asks the node; its adverts lead to where calls are counted. Look-ups by themselves would take an hour. */
  describe('and a host that follows its feed', () => {
    const alice = newPerson()
    let relay: Host
    let trap: TrapHost
    let transport: NodeTransport
    beforeEach(async () => {
      trap = await TrapHost.start()
      transport = nodeTransport()
      const config = hostConfigSchema.parse({
        ...{ development: true, listen: { port: 0 }, store: { kind: 'memory' }, identityKey: '44'.repeat(32) },
        ...{ chain: { headersUrl: chain.url }, overlay: { urls: [node.url] } },
        routes: { positiveMs: 3_600_000, negativeMs: 3_600_000 },
        outbox: { unroutedBaseMs: 3_600_000, unroutedMostMs: 3_600_000, backoffBaseMs: 50, backoffMostMs: 1_000 },
      })
      relay = await createHost(config, { logger: recordingLog().log })
      await until('two feeds that are followed', async () => {
        const text = await (await fetch(`${node.url}/metrics`)).text()
        return text.includes('overlay_feed_waiters 2')
      })
    })
    afterEach(async () => {
      await relay[Symbol.asyncDispose]()
      transport.close()
      await trap[Symbol.asyncDispose]()
    })
    const clientOf = (wallet: IdentityWallet) => new MessageBoxClient({ wallet, host: relay.url, transport })
    const send = (body: string) => clientOf(alice.wallet).send({ recipient: user.key, box: 'inbox', body })
    const listed = () => bodiesIn(clientOf(user.wallet), 'inbox')
    /** Whoever heard of it has done what it causes. */
    const aSecond = async (): Promise<void> => {
      const startMs = performance.now()
      await until('a second', () => performance.now() >= startMs + 1_000)
    }

    it('uses an advert again whose spend lost its place to another transaction', async () => {
      const token = await mint(await coin(), trap.url)
      const fee = await coin()
      await submit(await revoke(token, fee))
      await aSecond()
      await send('while it is spent')
      expect(await listed()).to.deep.equal(['while it is spent'])
      await aSecond()
      expect(trap.connections).to.equal(0)
      await replaceBy(await pay(fee, 98_000))
      await until('a call', () => trap.connections > 0)
    })

    it('uses no advert any more that lost its place', async () => {
      const money = await coin()
      await mint(money, trap.url)
      await send('while it stands')
      await until('a call', () => trap.connections > 0)
      await replaceBy(await pay(money, 98_000))
      await until('no token', async () => (await lookUp(node.url, user.key)).length === 0)
      await aSecond()
      const { connections } = trap
      await send('when it is gone')
      await aSecond()
      expect(trap.connections).to.equal(connections)
      expect(await listed()).to.include('when it is gone')
    })
  })
})
