import { createHash } from 'node:crypto'
import {
  Beef,
  LockingScript,
  MerklePath,
  P2PKH,
  PrivateKey,
  Script,
  Transaction,
  UnlockingScript,
  type TransactionOutput,
} from '@bsv/sdk'
import { IdentityWallet } from '@overpost/auth'
import { createPhipTokenScript, signAuthorization, type HeaderSource } from '@overpost/protocol'

/** A chain of headers with real transactions under it, always the same, and BEEFs that prove them: what mutations begin with. */
export interface BeefWorld {
  readonly headers: HeaderSource
  /** Valid BEEFs, by what they hold. */
  readonly seeds: ReadonlyMap<string, Uint8Array>
  /** Every transaction that is valid in this world: nothing else may ever be proven. */
  readonly valid: ReadonlySet<string>
  /** Makes more of it. */
  readonly builder: WorldBuilder
}

const key = PrivateKey.fromHex('17'.repeat(32))
const firstHeight = 800_000

/** Builds transactions and blocks. What it makes is valid unless its caller sees to the contrary. */
export class WorldBuilder {
  readonly roots = new Map<number, string>()
  readonly valid = new Set<string>()
  #height = firstHeight
  #serial = 0

  /** A mined coin that the key of this world spends, or another script. */
  fund(lockingScript = payToKey()): Transaction {
    const transaction = new Transaction()
    this.#serial += 1
    transaction.addInput({
      sourceTXID: sha256(`coin ${this.#serial}`),
      sourceOutputIndex: 0,
      unlockingScript: new UnlockingScript([]),
      sequence: 0xffffffff,
    })
    transaction.addOutput({ satoshis: 10_000, lockingScript })
    return this.mine(transaction)
  }

  /** Puts it into a block of `count` transactions. */
  mine(transaction: Transaction, count = 2): Transaction {
    this.#height += 1
    const txid = transaction.id('hex')
    const ids = Array.from({ length: count }, (_, at) => (at === 1 ? txid : sha256(`${this.#height} ${at}`)))
    const rows: { offset: number; hash: string; txid?: boolean }[][] = []
    for (let row = ids, offset = 1; row.length > 1; offset >>= 1) {
      const leaf = { offset: offset ^ 1, hash: row[offset ^ 1] ?? '' }
      rows.push(rows.length === 0 ? [leaf, { offset, hash: txid, txid: true }] : [leaf])
      row = Array.from({ length: row.length / 2 }, (_, at) => merkleParent(row[2 * at] ?? '', row[2 * at + 1] ?? ''))
    }
    transaction.merklePath = new MerklePath(this.#height, rows)
    this.roots.set(this.#height, transaction.merklePath.computeRoot(txid))
    this.valid.add(txid)
    return transaction
  }

  /** Spends outputs of transactions, signed; not mined. */
  async spend(
    coins: readonly { transaction: Transaction; index: number }[],
    outputs: readonly TransactionOutput[],
  ): Promise<Transaction> {
    const transaction = new Transaction(1, [], [...outputs], 0)
    for (const { transaction: sourceTransaction, index } of coins) {
      transaction.addInput({
        sourceTransaction,
        sourceOutputIndex: index,
        unlockingScriptTemplate: new P2PKH().unlock(key),
        sequence: 0xffffffff,
      })
    }
    await transaction.sign()
    this.valid.add(transaction.id('hex'))
    return transaction
  }

  headers(): HeaderSource {
    return { isValidRootForHeight: (root, height) => Promise.resolve(this.roots.get(height) === root) }
  }
}

export async function createBeefWorld(): Promise<BeefWorld> {
  const builder = new WorldBuilder()
  const token = new Transaction()
  token.addInput({
    sourceTXID: sha256('token'),
    sourceOutputIndex: 0,
    unlockingScript: new UnlockingScript([]),
    sequence: 0xffffffff,
  })
  token.addOutput({ satoshis: 1, lockingScript: toScript(await phipScript()) })
  builder.mine(token, 8)
  const parent = await builder.spend([{ transaction: builder.fund(), index: 0 }], [pay(4_000), pay(5_000)])
  const child = await builder.spend(
    [0, 1].map((index) => ({ transaction: parent, index })),
    [pay(100), pay(200)],
  )
  const both = new Beef()
  both.mergeBeef(token.toBEEF())
  both.mergeBeef(child.toBEEF())
  const named = new Beef()
  named.mergeBeef(token.toBEEF())
  named.mergeTxidOnly(sha256('known to the other side'))
  const seeds = new Map<string, number[]>([
    ['a mined token', token.toBEEF()],
    ['two unmined transactions', child.toBEEF()],
    ['an atomic BEEF', child.toAtomicBEEF()],
    ['several subjects, V2', both.toBinary()],
    ['a name only, V2', named.toBinary()],
  ])
  return {
    headers: builder.headers(),
    seeds: new Map([...seeds].map(([name, bytes]) => [name, Uint8Array.from(bytes)])),
    valid: builder.valid,
    builder,
  }
}

export function pay(satoshis: number, lockingScript = payToKey()): TransactionOutput {
  return { satoshis, lockingScript }
}

export function toScript(script: Uint8Array): LockingScript {
  return new LockingScript(Script.fromBinary(Array.from(script)).chunks)
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}

function payToKey(): LockingScript {
  return new P2PKH().lock(key.toPublicKey().toHash())
}

function merkleParent(left: string, right: string): string {
  const bytes = Buffer.concat([left, right].map((hash) => Buffer.from(hash, 'hex').reverse()))
  const once = createHash('sha256').update(bytes).digest()
  return createHash('sha256').update(once).digest().reverse().toString('hex')
}

async function phipScript(): Promise<Uint8Array> {
  const [user, host] = [new IdentityWallet('33'.repeat(32)), new IdentityWallet('22'.repeat(32))]
  const authorization = await signAuthorization(user, {
    userKey: user.identityKey,
    hostKey: host.identityKey,
    origin: 'https://relay.example',
    pattern: null,
    dates: { issuedAtMs: 1_700_000_000_000, expiresAtMs: 1_707_776_000_000 },
  })
  return createPhipTokenScript(host, authorization)
}
