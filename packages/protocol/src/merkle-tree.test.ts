import { expect } from 'chai'
import { bytesToHex, hexToBytes } from './hex.ts'
import { merkleLevels, merklePath, merkleRootOf } from './merkle-tree.ts'
import { sdkHasher } from './sdk-verifier.ts'
import { specJson } from './testing/spec-vectors.ts'

const trees = specJson('custody-receipt.md', 'trees') as {
  roots: Record<string, string>
  pathOf4In7: string[]
  pathOf99In100: string[]
}
const leavesOf = (count: number): Uint8Array[] =>
  Array.from({ length: count }, (_, index) => sdkHasher.sha256(Uint8Array.of(0, index)))
const rootOf = (leaves: Uint8Array[]): Uint8Array => merkleLevels(leaves, sdkHasher).at(-1)![0]!

describe('the Merkle tree of RFC 9162', () => {
  for (const [count, root] of Object.entries(trees.roots)) {
    it(`has the root of docs/specs/custody-receipt.md over ${count}, and a path from each leaf to it`, () => {
      const leaves = leavesOf(Number(count))
      const levels = merkleLevels(leaves, sdkHasher)
      expect(bytesToHex(rootOf(leaves))).to.equal(root)
      for (const [index, leaf] of leaves.entries()) {
        const place = { leaf, index, leaves: leaves.length, path: merklePath(levels, index) }
        expect(bytesToHex(merkleRootOf(place, sdkHasher)!), `of leaf ${index}`).to.equal(root)
      }
    })
  }

  it('has the paths of docs/specs/custody-receipt.md', () => {
    expect(merklePath(merkleLevels(leavesOf(7), sdkHasher), 4).map(bytesToHex)).to.deep.equal(trees.pathOf4In7)
    expect(merklePath(merkleLevels(leavesOf(100), sdkHasher), 99).map(bytesToHex)).to.deep.equal(trees.pathOf99In100)
  })

  it('takes a path for its own place and size only, whole', () => {
    const leaf = leavesOf(7)[4]!
    const path = trees.pathOf4In7.map((hash) => hexToBytes(hash)!)
    const root = trees.roots['7']
    const lead = (index: number, leaves: number, hashes = path): string | null => {
      const found = merkleRootOf({ leaf, index, leaves, path: hashes }, sdkHasher)
      return found === null ? null : bytesToHex(found)
    }
    expect(lead(4, 7)).to.equal(root)
    for (const index of [0, 1, 2, 3, 5, 6]) expect(lead(index, 7), `as leaf ${index}`).to.not.equal(root)
    expect(lead(4, 7, path.slice(0, -1))).to.equal(null)
    expect(lead(4, 7, [...path, leaf])).to.equal(null)
    expect(lead(0, 1)).to.equal(null)
  })

  it('keeps a node from being shown as a leaf', () => {
    const leaves = leavesOf(2)
    const data = Uint8Array.from([...leaves[0]!, ...leaves[1]!])
    expect(bytesToHex(sdkHasher.sha256(Uint8Array.of(0, ...data)))).to.not.equal(bytesToHex(rootOf(leaves)))
  })
})
