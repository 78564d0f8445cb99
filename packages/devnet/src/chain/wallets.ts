import { createHash, randomBytes } from 'node:crypto'

import type { PrivateKey, WalletInterface } from '@bsv/sdk'

import type { Ledger } from './ledger.ts'
import type { ReorgOutcome } from './reorganize.ts'
import { SerialQueue } from './serial-queue.ts'
import {
  Monitor,
  openSqlite,
  StorageKnex,
  TaskCheckForProofs,
  TaskSendWaiting,
  toolboxSdk,
  Wallet,
  WalletStorageManager,
  type BlockHeader,
  type Knex,
} from './toolbox.ts'
import { forgetTransactions } from './wallet-records.ts'

export type WalletCall = keyof WalletInterface

export interface WalletsOptions {
  /** A file, or `:memory:`. */
  readonly filename: string
  readonly feeSatoshisPerKb: number
  /** What a new wallet gets when it is first used; 0 for nothing. */
  readonly initialSatoshis: number
  readonly ledger: Ledger
  /** Mines one block and tells everybody, the wallets as well. */
  readonly mineBlock: () => Promise<unknown>
}

/** What became of a payment to a wallet. */
export interface Payment {
  readonly txid: string
  readonly outputIndex: number
  readonly satoshis: number
}

/** Names of wallets: 1 to 64 letters, digits, dots, dashes or underscores, the first a letter or digit. */
export const walletName = /^[a-z0-9][a-z0-9._-]{0,63}$/i

/** Calls that read or change what a wallet keeps. They run one at a time; all others only compute, and need not wait. */
const bookkeepingCalls: ReadonlySet<WalletCall> = new Set<WalletCall>([
  'createAction',
  'signAction',
  'abortAction',
  'internalizeAction',
  'relinquishOutput',
  'relinquishCertificate',
  'listActions',
  'listOutputs',
  'listCertificates',
])

const pureCalls: ReadonlySet<WalletCall> = new Set<WalletCall>([
  'getPublicKey',
  'createSignature',
  'verifySignature',
  'createHmac',
  'verifyHmac',
  'encrypt',
  'decrypt',
  'revealCounterpartyKeyLinkage',
  'revealSpecificKeyLinkage',
  'acquireCertificate',
  'proveCertificate',
  'discoverByIdentityKey',
  'discoverByAttributes',
  'isAuthenticated',
  'waitForAuthentication',
  'getHeight',
  'getHeaderForHeight',
  'getNetwork',
  'getVersion',
])

/** BRC-29: how wallets derive the keys of payments to each other. */
const paymentProtocol: [2, string] = [2, '3241645161d8']

/**
 * Wallets by name, each with the key that its name determines, so that a restarted network finds its own again. They are
 * wallet-toolbox wallets that share one database.
 */
export class Wallets implements AsyncDisposable {
  readonly #options: WalletsOptions
  readonly #knex: Knex
  readonly #storage: StorageKnex
  readonly #manager: WalletStorageManager
  readonly #monitor: Monitor
  /** One for all wallets: bookkeeping of one must also not overlap with new blocks, which concern all. */
  readonly #turns = new SerialQueue()
  readonly #opened = new Map<string, Promise<Wallet>>()
  readonly #made = new Set<Wallet>()
  /** Removed blocks that some wallet may still hold proofs of. */
  readonly #removedHashes = new Set<string>()

  constructor(options: WalletsOptions) {
    this.#options = options
    this.#knex = openSqlite(options.filename)
    const { services } = options.ledger
    this.#storage = new StorageKnex({
      ...StorageKnex.createStorageBaseOptions('mock'),
      feeModel: { model: 'sat/kb', value: options.feeSatoshisPerKb },
      knex: this.#knex,
    })
    this.#storage.setServices(services)
    this.#manager = new WalletStorageManager(faucetKey().toPublicKey().toString(), this.#storage)
    this.#manager.setServices(services)
    this.#monitor = new Monitor({
      chain: 'mock',
      services,
      storage: this.#manager,
      chaintracks: services.tracker,
      msecsWaitPerMerkleProofServiceReq: 0,
      taskRunWaitMsecs: 0,
      abandonedMsecs: 300_000,
      unprovenAttemptsLimitTest: 100,
      unprovenAttemptsLimitMain: 100,
      maxRebroadcastAttempts: 0,
    })
  }

  /** To be called first. */
  async open(): Promise<void> {
    await this.#storage.migrate('overpost local chain', faucetKey().toPublicKey().toString())
    await this.#storage.makeAvailable()
    await this.#manager.makeAvailable()
  }

  /** Whether `name` is a call of BRC-100. */
  static isCall(name: string): name is WalletCall {
    return bookkeepingCalls.has(name as WalletCall) || pureCalls.has(name as WalletCall)
  }

  /**
   * Makes one BRC-100 call, with what the wallet throws. A wallet that is new is made and funded first. A transaction whose
   * broadcast the caller left to the wallet is in the mempool when this resolves.
   */
  async call(name: string, call: WalletCall, args: unknown): Promise<unknown> {
    const wallet = await this.#wallet(name)
    const run = wallet[call].bind(wallet) as (args: unknown) => Promise<unknown>
    if (!bookkeepingCalls.has(call)) return run(args)
    return this.#turns.run(async () => {
      const result = await run(args)
      if (call === 'createAction' || call === 'signAction') await this.#sendWaiting()
      return result
    })
  }

  /** Pays the wallet from the faucet; mines a block, so that the payment is proven at once. */
  async fund(name: string, satoshis: number): Promise<Payment> {
    const wallet = await this.#wallet(name)
    return this.#turns.run(() => this.#fund(wallet, satoshis))
  }

  async identityKey(name: string): Promise<string> {
    return (await this.#wallet(name)).identityKey
  }

  /** What the wallet can spend, in satoshis. */
  async balance(name: string): Promise<number> {
    const wallet = await this.#wallet(name)
    return this.#turns.run(() => wallet.balance())
  }

  /** Runs a job between the bookkeeping of the wallets; it must not call a method of this class that waits its turn. */
  exclusive<T>(job: () => Promise<T>): Promise<T> {
    return this.#turns.run(job)
  }

  /** Fetches the proofs of what was mined. Only within {@link exclusive}. */
  async afterBlock(tip: BlockHeader): Promise<void> {
    this.#monitor.lastNewHeader = tip
    const task = new TaskCheckForProofs(this.#monitor)
    // It pages through a list that shrinks as it goes, so one run can miss some of more than a hundred.
    for (let before = Infinity; ;) {
      await task.runTask()
      const waiting = await this.#countUnproven()
      if (waiting < 100 || waiting >= before) break
      before = waiting
    }
    for (const hash of this.#removedHashes) {
      const { unavailable } = await this.#manager.reproveHeader(hash)
      if (unavailable.length === 0) this.#removedHashes.delete(hash)
    }
  }

  /** Lets go of proofs in removed blocks, and of transactions that are gone. Only within {@link exclusive}. */
  async afterReorg({ removedHashes, droppedTxids }: ReorgOutcome, tip: BlockHeader): Promise<void> {
    for (const hash of removedHashes) this.#removedHashes.add(hash)
    await forgetTransactions(this.#storage, droppedTxids)
    for (const wallet of this.#made) {
      // What a wallet remembers between calls holds old Merkle paths.
      wallet.beef = new (toolboxSdk().BeefParty)([wallet.userParty])
    }
    await this.afterBlock(tip)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.run(() => this.#storage.destroy())
  }

  #wallet(name: string): Promise<Wallet> {
    let opened = this.#opened.get(name)
    if (opened === undefined) {
      opened = this.#turns.run(() => this.#openWallet(name))
      this.#opened.set(name, opened)
      opened.catch(() => this.#opened.delete(name))
    }
    return opened
  }

  async #openWallet(name: string): Promise<Wallet> {
    const { ledger, initialSatoshis } = this.#options
    const keyDeriver = new (toolboxSdk().CachedKeyDeriver)(keyOf(`wallet ${name}`))
    const isNew = (await this.#storage.findUsers({ partial: { identityKey: keyDeriver.identityKey } })).length === 0
    const storage = new WalletStorageManager(keyDeriver.identityKey, this.#storage)
    await storage.makeAvailable()
    const wallet = new Wallet({ chain: 'mock', keyDeriver, storage, services: ledger.services })
    this.#made.add(wallet)
    if (isNew && initialSatoshis > 0) await this.#fund(wallet, initialSatoshis)
    return wallet
  }

  async #fund(wallet: Wallet, satoshis: number): Promise<Payment> {
    const { ledger, mineBlock } = this.#options
    const { KeyDeriver, P2PKH } = toolboxSdk()
    const derivationPrefix = randomBytes(8).toString('base64')
    const derivationSuffix = randomBytes(8).toString('base64')
    const sender = new KeyDeriver(faucetKey())
    const keyId = `${derivationPrefix} ${derivationSuffix}`
    const key = sender.derivePublicKey(paymentProtocol, keyId, wallet.identityKey)
    const txid = await ledger.pay(new P2PKH().lock(key.toAddress()).toBinary(), satoshis)
    await mineBlock()
    const paymentRemittance = { derivationPrefix, derivationSuffix, senderIdentityKey: sender.identityKey }
    await wallet.internalizeAction({
      tx: await ledger.atomicBeef(txid),
      outputs: [{ outputIndex: 0, protocol: 'wallet payment', paymentRemittance }],
      description: 'payment of the faucet',
      labels: ['faucet'],
    })
    return { txid, outputIndex: 0, satoshis }
  }

  /** Broadcasts what the wallets queued; production wallets do so in the background, some seconds later. */
  async #sendWaiting(): Promise<void> {
    // An age of -1 second: what was queued in this millisecond counts too.
    await new TaskSendWaiting(this.#monitor, 0, -1000).runTask()
  }

  async #countUnproven(): Promise<number> {
    return this.#storage.countProvenTxReqs({
      partial: {},
      status: ['callback', 'unmined', 'sending', 'unknown', 'unconfirmed'],
    })
  }
}

function faucetKey(): PrivateKey {
  return keyOf('faucet')
}

/** Anyone can compute these keys: they hold worthless coins. */
function keyOf(purpose: string): PrivateKey {
  const hex = createHash('sha256').update(`overpost local chain: ${purpose}`).digest('hex')
  return toolboxSdk().PrivateKey.fromHex(hex)
}
