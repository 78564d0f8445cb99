import { MerklePath } from '@bsv/sdk'
import { RelayError } from '../errors.ts'
import { concatFields } from '../token-fields.ts'
import { numbersOf } from './numbers-of.ts'
import type { BeefTransaction, Bump, ParsedBeef } from './parse-beef.ts'
import { scriptCost } from './script-cost.ts'

const maxUnprovenInputs = 500
/** Each takes the SDK up to 3 ms on a busy machine, and a BEEF of a stranger may take 50. */
const maxSignatureChecks = 14
/** Of scripts other than tokens and payments to a key: what they do can double with each operation. */
const maxCostlyOperations = 6
const maxScriptBytes = 4_000
/** Bytes hashed for signatures: each check hashes its transaction. */
const maxHashedBytes = 8_000_000
/** Ways from the subject to its unproven ancestors: the SDK walks each of them. */
const maxWays = 20_000

const noCoin = '0'.repeat(64)

/** The part of a BEEF that proves its subject. */
export interface Ancestry {
  readonly subject: BeefTransaction
  /** The subject's own proof, or null. */
  readonly proof: Bump | null
  /** What is proven by its own Merkle path, and what only by its ancestors; parents come before children, the subject is last. */
  readonly transactions: readonly BeefTransaction[]
  readonly unproven: readonly string[]
  readonly proofs: ReadonlyMap<string, Bump>
  /** Heights of coinbase transactions that an unproven transaction spends. */
  readonly coinbaseHeights: readonly number[]
  /** The least BEEF (V1) of the subject. */
  readonly beef: Uint8Array
}

/**
 * Follows the subject's inputs down to proven transactions. Refuses an ancestry with gaps, an unproven transaction without inputs or with
 * one coin twice (the SDK's verification lets both pass), and one whose verification would cost too much; such a transaction
 * can be submitted once it is mined. Signatures, scripts, amounts and Merkle roots are checked by the Engine, after this.
 * @throws {RelayError} ERR_INVALID_PARAMETERS
 */
export function traceAncestry({ subject, transactions, bumps }: ParsedBeef): Ancestry {
  const order: BeefTransaction[] = []
  const ways = new Map<string, number>()
  const coinbaseHeights: number[] = []
  const cost = new CostMeter()

  // Without recursion: a chain may be long. A transaction is left (appended to `order`) when all its parents were.
  const stack = [{ transaction: subject, left: false }]
  while (stack.length > 0) {
    const { transaction, left } = stack.pop() ?? { transaction: subject, left: true }
    const { txid, inputs } = transaction
    if (ways.has(txid)) continue
    if (bumps.has(txid)) {
      ways.set(txid, 0)
      order.push(transaction)
    } else if (left) {
      ways.set(txid, sumWays(transaction, ways))
      order.push(transaction)
    } else {
      checkInputs(transaction)
      stack.push({ transaction, left: true })
      for (const input of inputs) {
        const parent = transactions.get(input.txid)
        const lockingScript = parent?.lockingScripts[input.outputIndex]
        if (parent === undefined || lockingScript === undefined) throw refused('an ancestor is missing')
        cost.add(transaction, input.unlockingScript, lockingScript)
        const bump = bumps.get(parent.txid)
        if (bump !== undefined && parent.inputs[0]?.txid === noCoin) coinbaseHeights.push(bump.height)
        stack.push({ transaction: parent, left: false })
      }
    }
  }
  const unproven = order.filter(({ txid }) => !bumps.has(txid)).map(({ txid }) => txid)
  const proofs = new Map([...bumps].filter(([txid]) => ways.has(txid)))
  const beef = writeBeef(order, bumps)
  return {
    subject,
    proof: bumps.get(subject.txid) ?? null,
    transactions: order,
    unproven,
    proofs,
    coinbaseHeights,
    beef,
  }
}

/** A transaction that a Merkle path proves, with the block that it leads to. */
export interface Proof {
  readonly txid: string
  readonly height: number
  /** The Merkle root that the path comes to, in display order. */
  readonly root: string
}

/** The proofs of an ancestry that was verified before: none of its paths is malformed. */
export function provenBy({ proofs }: Pick<Ancestry, 'proofs'>): Proof[] {
  return [...proofs].map(([txid, { bytes, height }]) => {
    return { txid, height, root: MerklePath.fromBinary(numbersOf(bytes)).computeRoot(txid) }
  })
}

function checkInputs({ inputs, txid }: BeefTransaction): void {
  if (inputs.length === 0) throw refused('an unproven transaction has no inputs')
  if (new Set(inputs.map((input) => `${input.txid}.${input.outputIndex}`)).size < inputs.length) {
    throw refused(`the transaction ${txid} spends a coin twice`)
  }
}

function sumWays({ inputs }: BeefTransaction, ways: ReadonlyMap<string, number>): number {
  const sum = inputs.reduce((total, input) => total + 1 + (ways.get(input.txid) ?? 0), 0)
  if (sum > maxWays) throw tooCostly()
  return sum
}

class CostMeter {
  #inputs = 0
  #signatureChecks = 0
  #costlyOperations = 0
  #scriptBytes = 0
  #hashedBytes = 0

  add(spender: BeefTransaction, ...scripts: readonly Uint8Array[]): void {
    this.#inputs++
    for (const script of scripts) {
      const { signatureChecks, costlyOperations, isPlain } = scriptCost(script)
      this.#signatureChecks += signatureChecks
      if (!isPlain) {
        this.#costlyOperations += costlyOperations
        this.#scriptBytes += script.length
      }
      this.#hashedBytes += signatureChecks * spender.raw.length
    }
    if (
      this.#inputs > maxUnprovenInputs ||
      this.#signatureChecks > maxSignatureChecks ||
      this.#costlyOperations > maxCostlyOperations ||
      this.#scriptBytes > maxScriptBytes ||
      this.#hashedBytes > maxHashedBytes
    ) {
      throw tooCostly()
    }
  }
}

function writeBeef(order: readonly BeefTransaction[], bumps: ReadonlyMap<string, Bump>): Uint8Array {
  const used: Bump[] = []
  const indexOf = new Map<Bump, number>()
  const entries = order.flatMap(({ txid, raw }) => {
    const bump = bumps.get(txid)
    if (bump === undefined) return [raw, Uint8Array.of(0)]
    const index = indexOf.get(bump) ?? used.push(bump) - 1
    indexOf.set(bump, index)
    return [raw, Uint8Array.of(1), varInt(index)]
  })
  const head = Uint8Array.of(0x01, 0x00, 0xbe, 0xef)
  const bumpBytes = used.map(({ bytes }) => bytes)
  return concatFields([head, varInt(used.length), ...bumpBytes, varInt(order.length), ...entries])
}

/** Counts of a BEEF that was parsed: below 65,536. */
function varInt(value: number): Uint8Array {
  return value < 0xfd ? Uint8Array.of(value) : Uint8Array.of(0xfd, value & 0xff, value >> 8)
}

function refused(why: string): RelayError {
  return new RelayError('ERR_INVALID_PARAMETERS', `The BEEF does not prove the transaction: ${why}.`)
}

function tooCostly(): RelayError {
  return new RelayError(
    'ERR_INVALID_PARAMETERS',
    'Too much of the ancestry is not mined yet to be checked: submit the transaction again when it is.',
  )
}
