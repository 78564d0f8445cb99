import {
  Beef,
  LockingScript,
  Transaction,
  UnlockingScript,
  type AtomicBEEF,
  type CreateActionArgs,
  type CreateActionResult,
  type ListOutputsArgs,
  type ListOutputsResult,
  type SignActionArgs,
  type SignActionResult,
} from '@bsv/sdk'
import type { AdvertWallet } from '../links/wallet-advert-publisher.ts'
import { tokenTransaction, type ChainFixture } from './chain-fixture.ts'

interface Held {
  readonly transaction: Transaction
  readonly index: number
  readonly basket: string
  readonly tags: readonly string[]
  readonly note: string | undefined
}

/** A wallet with money that anyone may spend: it makes real transactions, and takes none whose scripts fail. */
export class MemoryWallet implements AdvertWallet {
  readonly held = new Map<string, Held>()
  readonly made: Transaction[] = []
  aborted = 0
  refuses: 'nothing' | 'create' | 'sign' = 'nothing'
  readonly #chain: ChainFixture
  readonly #unsigned = new Map<string, { transaction: Transaction; args: CreateActionArgs }>()

  constructor(chain: ChainFixture) {
    this.#chain = chain
  }

  async createAction(args: CreateActionArgs): Promise<CreateActionResult> {
    if (this.refuses === 'create') throw new Error('no money')
    const transaction = new Transaction()
    const beef = args.inputBEEF === undefined ? new Beef() : Beef.fromBinary(args.inputBEEF)
    for (const { outpoint } of args.inputs ?? []) {
      const sourceTransaction = beef.findAtomicTransaction(outpoint.slice(0, 64))
      if (sourceTransaction === undefined) throw new Error('an input is not in the BEEF')
      transaction.addInput({ sourceTransaction, sourceOutputIndex: Number(outpoint.slice(65)), sequence: 0xffffffff })
    }
    const funds = tokenTransaction(Uint8Array.of(0x51))
    funds.outputs[0]!.satoshis = 1_000
    this.#chain.mine(funds)
    transaction.addInput({ sourceTransaction: funds, sourceOutputIndex: 0, unlockingScript: new UnlockingScript([]) })
    for (const { lockingScript, satoshis } of args.outputs ?? []) {
      transaction.addOutput({ satoshis, lockingScript: new LockingScript(LockingScript.fromHex(lockingScript).chunks) })
    }
    if ((args.inputs ?? []).length === 0 && args.options?.signAndProcess !== false)
      return await this.#finish(transaction, args)
    const reference = `action ${this.#unsigned.size}`
    this.#unsigned.set(reference, { transaction, args })
    for (const input of transaction.inputs) input.unlockingScript ??= new UnlockingScript([])
    return { signableTransaction: { tx: atomic(transaction), reference } }
  }

  async signAction({ reference, spends }: SignActionArgs): Promise<SignActionResult> {
    if (this.refuses === 'sign') throw new Error('cannot sign')
    const unsigned = this.#unsigned.get(reference)
    if (unsigned === undefined) throw new Error('no such action')
    const { transaction, args } = unsigned
    for (const [index, { unlockingScript }] of Object.entries(spends)) {
      transaction.inputs[Number(index)]!.unlockingScript = new UnlockingScript(
        UnlockingScript.fromHex(unlockingScript).chunks,
      )
    }
    return await this.#finish(transaction, args)
  }

  abortAction(): Promise<{ aborted: true }> {
    this.aborted += 1
    return Promise.resolve({ aborted: true })
  }

  listOutputs({ basket, tags = [], include, offset = 0, limit = 10 }: ListOutputsArgs): Promise<ListOutputsResult> {
    const beef = new Beef()
    const all = [...this.held].filter(
      ([, output]) => output.basket === basket && (tags.length === 0 || tags.some((tag) => output.tags.includes(tag))),
    )
    const outputs = all.slice(offset, offset + limit).map(([outpoint, { transaction, index, note }]) => {
      if (include === 'entire transactions') beef.mergeBeef(transaction.toBEEF())
      const script = transaction.outputs[index]!.lockingScript.toHex()
      return {
        outpoint,
        satoshis: 1,
        spendable: true,
        ...(include === 'locking scripts' ? { lockingScript: script } : {}),
        ...(note === undefined ? {} : { customInstructions: note }),
      }
    })
    return Promise.resolve({ totalOutputs: all.length, outputs, BEEF: beef.toBinary() })
  }

  /** Puts one of its transactions into a block. */
  mine(txid: string): void {
    for (const transaction of this.made) if (transaction.id('hex') === txid) this.#chain.mine(transaction)
  }

  async #finish(transaction: Transaction, { outputs = [] }: CreateActionArgs): Promise<SignActionResult> {
    // Made anew, as the SDK remembers the bytes of a transaction from before it was signed.
    const inputs = transaction.inputs.map((input) => ({
      ...input,
      sourceTXID: input.sourceTXID ?? input.sourceTransaction?.id('hex') ?? '',
    }))
    const signed = new Transaction(transaction.version, inputs, transaction.outputs, transaction.lockTime)
    if (!(await signed.verify(this.#chain))) throw new Error('a script fails')
    const txid = signed.id('hex')
    for (const { sourceTXID, sourceOutputIndex } of signed.inputs)
      this.held.delete(`${sourceTXID ?? ''}.${sourceOutputIndex}`)
    outputs.forEach(({ basket, tags = [], customInstructions }, index) => {
      if (basket === undefined) return
      this.held.set(`${txid}.${index}`, { transaction: signed, index, basket, tags, note: customInstructions })
    })
    this.made.push(signed)
    return { txid, tx: atomic(signed) }
  }
}

function atomic(transaction: Transaction): AtomicBEEF {
  return transaction.toAtomicBEEF()
}
