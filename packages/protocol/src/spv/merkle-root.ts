import { hexToBytes } from '../hex.ts'
import type { Hasher } from '../signature-verifier.ts'
import { ByteReader } from './byte-reader.ts'
import { displayOrder, type Bump } from './parse-beef.ts'

/** Of one row of a tree: a hash, or null where it equals its left neighbour. */
type Row = ReadonlyMap<number, Uint8Array | null>

/**
 * The Merkle root, in display order, to which a path (BRC-74) leads from a transaction of its lowest row; null when it has a gap.
 * What a path leaves out is computed where its own lower rows hold it. The path was read by `parseBeef`: its size is bounded.
 */
export function merkleRoot({ bytes }: Bump, txid: string, hasher: Hasher): string | null {
  const rows = readRows(bytes)
  const own = hexToBytes(txid)?.toReversed()
  const [first] = rows
  if (own === undefined || first === undefined) return null
  const found = [...first].find(([, hash]) => hash !== null && isEqual(hash, own))
  if (found === undefined) return null
  let [offset] = found
  // A block of one transaction: its id is the root.
  if (rows.length === 1 && first.size === 1) return offset === 0 ? txid : null

  const parent = (left: Uint8Array, right: Uint8Array): Uint8Array => {
    const both = new Uint8Array(64)
    both.set(left)
    both.set(right, 32)
    return hasher.sha256(hasher.sha256(both))
  }
  /** Undefined: neither there nor to be computed. Null: the same as its left neighbour. */
  const nodeAt = (row: number, at: number): Uint8Array | null | undefined => {
    const given = rows[row]?.get(at)
    if (given !== undefined || row === 0) return given
    const left = nodeAt(row - 1, 2 * at)
    if (left == null) return undefined
    const right = nodeAt(row - 1, 2 * at + 1)
    return right === undefined ? undefined : parent(left, right ?? left)
  }

  let working: Uint8Array = own
  for (let row = 0; row < rows.length; row++) {
    const isRight = offset % 2 === 1
    const sibling = nodeAt(row, isRight ? offset - 1 : offset + 1)
    // Only a right neighbour can be a repetition.
    if (sibling === undefined || (sibling === null && isRight)) return null
    working = isRight ? parent(sibling ?? working, working) : parent(working, sibling ?? working)
    offset = Math.floor(offset / 2)
  }
  return offset === 0 ? displayOrder(working) : null
}

function readRows(bytes: Uint8Array): Row[] {
  const reader = new ByteReader(bytes)
  reader.varInt()
  return Array.from({ length: reader.byte() }, () => {
    const row = new Map<number, Uint8Array | null>()
    for (let left = reader.count(2); left > 0; left--) {
      const offset = reader.varInt()
      row.set(offset, (reader.byte() & 1) === 1 ? null : reader.bytes(32))
    }
    return row
  })
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  return a.every((byte, index) => byte === b[index])
}
