import { bytesToHex } from '../hex.ts'
import type { Hasher } from '../signature-verifier.ts'
import { ByteReader, malformed } from './byte-reader.ts'

const version1 = 0xefbe0001
const version2 = 0xefbe0002
const atomicPrefix = 0x01010101
const maxTransactions = 1_000
const maxLeaves = 5_000
const maxLeavesPerBump = 256
const maxTreeHeight = 32
/** Inputs and outputs, of all transactions together. */
const maxParts = 10_000

export interface BeefInput {
  readonly txid: string
  readonly outputIndex: number
  readonly unlockingScript: Uint8Array
}

export interface BeefTransaction {
  readonly txid: string
  readonly raw: Uint8Array
  readonly inputs: readonly BeefInput[]
  readonly lockingScripts: readonly Uint8Array[]
}

/** A Merkle path (BRC-74) as its bytes, not yet checked. */
export interface Bump {
  readonly bytes: Uint8Array
  readonly height: number
}

export interface ParsedBeef {
  /** The transaction that the BEEF is about: the one that Atomic BEEF names, else the last. */
  readonly subject: BeefTransaction
  readonly transactions: ReadonlyMap<string, BeefTransaction>
  /** The proof of each transaction that has one: the first path with its txid in the lowest row. */
  readonly bumps: ReadonlyMap<string, Bump>
}

/**
 * Reads BEEF V1 (BRC-62), V2 (BRC-96) and Atomic BEEF (BRC-95) in one pass, in time that grows with the length only, and refuses what has
 * too many parts. It comes before every parser of the SDK, which would take what a stranger counts at its word.
 * @throws {RelayError} ERR_INVALID_PARAMETERS
 */
export function parseBeef(bytes: Uint8Array, hasher: Hasher): ParsedBeef {
  const reader = new ByteReader(bytes)
  let version = reader.uint32()
  let subjectTxid: string | null = null
  if (version === atomicPrefix) {
    subjectTxid = displayOrder(reader.bytes(32))
    version = reader.uint32()
  }
  if (version !== version1 && version !== version2) throw malformed('its version is unknown')

  const bumps = readBumps(reader)
  const transactions = new Map<string, BeefTransaction>()
  const count = reader.count(11)
  if (count > maxTransactions) throw malformed(`more than ${maxTransactions} transactions`)
  let last: BeefTransaction | undefined
  for (let index = 0; index < count; index++) {
    last = version === version1 ? readEntryV1(reader, hasher) : readEntryV2(reader, hasher)
    if (last !== undefined) transactions.set(last.txid, last)
  }
  if (reader.left > 0) throw malformed('bytes follow its end')
  const subject = subjectTxid === null ? last : transactions.get(subjectTxid)
  if (subject === undefined) throw malformed('the transaction that it is about is not in it')
  return { subject, transactions, bumps }
}

/** Reads one transaction, and nothing else. @throws {RelayError} ERR_INVALID_PARAMETERS */
export function parseTransaction(bytes: Uint8Array, hasher: Hasher): BeefTransaction {
  const reader = new ByteReader(bytes)
  const transaction = readTransaction(reader, hasher)
  if (reader.left > 0) throw malformed('bytes follow the transaction')
  return transaction
}

function readBumps(reader: ByteReader): Map<string, Bump> {
  const bumps = new Map<string, Bump>()
  let leaves = 0
  for (let left = reader.count(3); left > 0; left--) {
    const start = reader.at
    const height = reader.varInt()
    const treeHeight = reader.byte()
    if (treeHeight < 1 || treeHeight > maxTreeHeight) throw malformed('a Merkle path has no height, or too much')
    const hashes: string[] = []
    let own = 0
    for (let row = 0; row < treeHeight; row++) {
      const inRow = reader.count(2)
      own += inRow
      leaves += inRow
      if (own > maxLeavesPerBump || leaves > maxLeaves) throw malformed('its Merkle paths have too many leaves')
      for (let leaf = 0; leaf < inRow; leaf++) {
        reader.varInt()
        const isDuplicate = (reader.byte() & 1) === 1
        const hash = isDuplicate ? null : reader.bytes(32)
        if (row === 0 && hash !== null) hashes.push(displayOrder(hash))
      }
    }
    const bump = { bytes: reader.slice(start), height }
    for (const hash of hashes) if (!bumps.has(hash)) bumps.set(hash, bump)
  }
  return bumps
}

function readEntryV1(reader: ByteReader, hasher: Hasher): BeefTransaction {
  const transaction = readTransaction(reader, hasher)
  if (reader.byte() !== 0) reader.varInt()
  return transaction
}

/** Undefined for an entry that is a txid only: it proves nothing. */
function readEntryV2(reader: ByteReader, hasher: Hasher): BeefTransaction | undefined {
  const format = reader.byte()
  if (format > 2) throw malformed('an entry is of an unknown kind')
  if (format === 2) {
    reader.bytes(32)
    return undefined
  }
  if (format === 1) reader.varInt()
  return readTransaction(reader, hasher)
}

function readTransaction(reader: ByteReader, hasher: Hasher): BeefTransaction {
  const start = reader.at
  reader.uint32()
  const inputs: BeefInput[] = []
  for (let left = countParts(reader, 41); left > 0; left--) {
    const txid = displayOrder(reader.bytes(32))
    const outputIndex = reader.uint32()
    inputs.push({ txid, outputIndex, unlockingScript: reader.bytes(reader.varInt()) })
    reader.uint32()
  }
  const lockingScripts: Uint8Array[] = []
  for (let left = countParts(reader, 9); left > 0; left--) {
    reader.bytes(8)
    lockingScripts.push(reader.bytes(reader.varInt()))
  }
  reader.uint32()
  const raw = reader.slice(start)
  // 64 bytes could as well be two hashes, an inner node of a Merkle tree.
  if (raw.length === 64) throw malformed('a transaction of 64 bytes')
  return { txid: displayOrder(hasher.sha256(hasher.sha256(raw))), raw, inputs, lockingScripts }
}

function countParts(reader: ByteReader, leastBytes: number): number {
  const count = reader.count(leastBytes)
  reader.parts += count
  if (reader.parts > maxParts) throw malformed(`more than ${maxParts} inputs and outputs`)
  return count
}

/** A hash as people write it: its bytes from the last to the first. */
export function displayOrder(hash: Uint8Array): string {
  return bytesToHex(hash.toReversed())
}
