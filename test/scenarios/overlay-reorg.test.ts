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
import { IdentityWallet } from '@overpost/auth'
import { startLocalChain, type LocalChain } from '@overpost/devnet'
import { overlayConfigSchema, startOverlayNode, type OverlayNode } from '@overpost/overlay'
import { bytesToHex, phipTokenKey, walletKey } from '@overpost/protocol'
import { expect } from 'chai'
import { newPerson } from '../support/person.ts'
import { lookUp } from '../support/overlay-lookup.ts'
import { tokenScript } from '../support/tokens.ts'
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
  const mint = async (from: Transaction) => {
    const now = Date.now()
    const dates = { issuedAtMs: now, expiresAtMs: now + 86_400_000 }
    const terms = { userKey: user.key, origin: 'https://relay.example', dates }
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
})
