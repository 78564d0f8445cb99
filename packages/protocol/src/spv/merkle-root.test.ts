import { MerklePath } from '@bsv/sdk'
import { expect } from 'chai'
import { sdkHasher } from '../sdk-verifier.ts'
import { merkleRoot } from './merkle-root.ts'

/** Ids that look like ids, the same each time. */
const id = (at: number): string => (at + 1).toString(16).padStart(2, '0').repeat(32)

/** The path of the transactions at `wanted` in a block of `count`. */
function pathOf(count: number, wanted: readonly number[]): MerklePath {
  const paths = wanted.map((at) => {
    let row = Array.from({ length: count }, (_, index) => id(index))
    const rows: { offset: number; hash?: string; txid?: boolean; duplicate?: boolean }[][] = []
    for (let offset = at; ; offset >>= 1) {
      const sibling = offset ^ 1
      const hash = row[sibling]
      const leaves = [hash === undefined ? { offset: sibling, duplicate: true } : { offset: sibling, hash }]
      rows.push(rows.length === 0 ? [{ offset, hash: id(at), txid: true }, ...leaves] : leaves)
      row = Array.from({ length: Math.ceil(row.length / 2) }, (_, index) => {
        const left = row[2 * index] ?? ''
        return parent(left, row[2 * index + 1] ?? left)
      })
      if (row.length === 1) break
    }
    for (const each of rows) each.sort((a, b) => a.offset - b.offset)
    return new MerklePath(7, rows)
  })
  const [first, ...others] = paths
  for (const other of others) first!.combine(other)
  first!.trim()
  return first!
}

function parent(left: string, right: string): string {
  const bytes = Buffer.concat([left, right].map((hash) => Buffer.from(hash, 'hex').reverse()))
  return Buffer.from(sdkHasher.sha256(sdkHasher.sha256(bytes)))
    .reverse()
    .toString('hex')
}

describe('merkleRoot', () => {
  const rootOf = (path: MerklePath, txid: string) =>
    merkleRoot({ bytes: Uint8Array.from(path.toBinary()), height: 7 }, txid, sdkHasher)

  for (const count of [2, 3, 4, 5, 7, 8, 11]) {
    it(`is that of the SDK, for each transaction of a block of ${count}, and for several in one path`, () => {
      for (let at = 0; at < count; at++) {
        const path = pathOf(count, [at])
        expect(rootOf(path, id(at)), `at ${at}`).to.equal(path.computeRoot(id(at)))
        const both = [...new Set([at, count - 1])].toSorted((a, b) => a - b)
        const combined = pathOf(count, both)
        for (const each of both) expect(rootOf(combined, id(each))).to.equal(path.computeRoot(id(at)))
      }
    })
  }

  it('is the id itself in a block of one transaction', () => {
    const alone = new MerklePath(7, [[{ offset: 0, hash: id(3), txid: true }]])
    expect(rootOf(alone, id(3))).to.equal(id(3))
  })

  it('is null for a transaction that the path does not hold, and for a path with a gap', () => {
    const path = pathOf(8, [5])
    expect(rootOf(path, id(6))).to.equal(null)
    const bytes = Uint8Array.from(path.toBinary())
    // The height, the number of rows and of leaves, and a leaf of 34 bytes: then its own place. Another one has no neighbour.
    expect(bytes[3 + 34]).to.equal(5)
    bytes[3 + 34] = 6
    expect(merkleRoot({ bytes, height: 7 }, id(5), sdkHasher)).to.equal(null)
  })
})
