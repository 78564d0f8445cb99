import type { Hasher } from './signature-verifier.ts'

/** A leaf cannot be shown as a node, nor a node as a leaf: each kind is hashed with a mark of its own in front, a leaf by whoever makes it. */
export const leafMark = 0
const nodeMark = 1
const hashBytes = 32
/** For one hash at a time: an array of this size would have memory of its own outside the heap. */
const marked = new Uint8Array(1 + 2 * hashBytes).fill(nodeMark, 0, 1)

/**
 * The tree of RFC 9162, section 2.1, over the hashes of at least one leaf: level by level, from the leaves up to the one root. What
 * has no neighbour goes up unchanged.
 */
export function merkleLevels(leaves: readonly Uint8Array[], hasher: Hasher): readonly (readonly Uint8Array[])[] {
  const levels = [leaves]
  for (let level = leaves; level.length > 1; levels.push(level)) {
    const above: Uint8Array[] = []
    for (let at = 0; at < level.length; at += 2) {
      const [left, right] = level.slice(at, at + 2)
      if (left !== undefined) above.push(right === undefined ? left : node(left, right, hasher))
    }
    level = above
  }
  return levels
}

/** The hashes that lead from a leaf to the root, its neighbour first. */
export function merklePath(levels: readonly (readonly Uint8Array[])[], index: number): Uint8Array[] {
  return levels.slice(0, -1).flatMap((level, height) => level[(index >> height) ^ 1] ?? [])
}

/** The root to which a path leads; null when it is not the path of that place in a tree of that many leaves. */
export function merkleRootOf(
  { leaf, index, leaves, path }: { leaf: Uint8Array; index: number; leaves: number; path: readonly Uint8Array[] },
  hasher: Hasher,
): Uint8Array | null {
  let hash = leaf
  let used = 0
  for (let at = index, last = leaves - 1; last > 0; at >>= 1, last >>= 1) {
    const isRight = (at & 1) === 1
    if (!isRight && at === last) continue
    const neighbour = path[used++]
    if (neighbour === undefined) return null
    hash = isRight ? node(neighbour, hash, hasher) : node(hash, neighbour, hasher)
  }
  return used === path.length ? hash : null
}

function node(left: Uint8Array, right: Uint8Array, hasher: Hasher): Uint8Array {
  marked.set(left, 1)
  marked.set(right, 1 + hashBytes)
  return hasher.sha256(marked)
}
