import type { Random } from '@overpost/core'

/** Bytes made from valid ones, and how. */
export interface Mutated {
  readonly bytes: Uint8Array
  readonly kinds: readonly string[]
}

type Mutation = (bytes: Uint8Array, other: Uint8Array, random: Random) => Uint8Array

const mostMutations = 4
/** What breaks counts and lengths: 0, 1, the ends of each width, and more than there can be. */
const numbers = ['00', '01', 'fc', 'fdfd00', 'fdffff', 'fe00000100', 'feffffffff', 'ffffffffffffff1f00', 'ff'.repeat(9)]

/** By name, so that a run can tell how often each was used. */
export const mutations: Readonly<Record<string, Mutation>> = {
  'bit flip': (bytes, _, random) => {
    const at = below(bytes.length, random)
    return replaced(bytes, at, [(bytes[at] ?? 0) ^ (1 << below(8, random))])
  },
  'byte set': (bytes, _, random) => replaced(bytes, below(bytes.length, random), [below(256, random)]),
  truncation: (bytes, _, random) => bytes.subarray(0, below(bytes.length, random)),
  'bytes behind': (bytes, other, random) => spliced(bytes, bytes.length, 0, piece(other, random)),
  'number in place': (bytes, _, random) => {
    const number = Buffer.from(numbers[below(numbers.length, random)] ?? '', 'hex')
    return spliced(bytes, below(bytes.length, random), 1, number)
  },
  splice: (bytes, other, random) => {
    return spliced(bytes, below(bytes.length, random), below(64, random), piece(other, random))
  },
  'part removed': (bytes, _, random) => {
    return spliced(bytes, below(bytes.length, random), 1 + below(48, random), new Uint8Array())
  },
  'part twice': (bytes, _, random) => {
    const at = below(bytes.length, random)
    return spliced(bytes, at, 0, bytes.subarray(at, at + 1 + below(400, random)))
  },
  'head and tail': (bytes, other, random) => {
    return spliced(bytes, below(bytes.length, random), bytes.length, other.subarray(below(other.length, random)))
  },
}

/** The same for the same seed of `random`. */
export function mutate(seeds: readonly Uint8Array[], random: Random): Mutated {
  const names = Object.keys(mutations)
  const kinds: string[] = []
  let bytes = seeds[below(seeds.length, random)] ?? new Uint8Array()
  for (let left = 1 + below(mostMutations, random); left > 0 && bytes.length > 0; left--) {
    const kind = names[below(names.length, random)] ?? ''
    const other = seeds[below(seeds.length, random)] ?? bytes
    bytes = mutations[kind]?.(bytes, other, random) ?? bytes
    kinds.push(kind)
  }
  return { bytes, kinds }
}

function below(most: number, random: Random): number {
  return Math.floor(random.fraction() * most)
}

function piece(bytes: Uint8Array, random: Random): Uint8Array {
  const at = below(bytes.length, random)
  return bytes.subarray(at, at + 1 + below(200, random))
}

function replaced(bytes: Uint8Array, at: number, by: readonly number[]): Uint8Array {
  const changed = Uint8Array.from(bytes)
  changed.set(by.slice(0, bytes.length - at), at)
  return changed
}

function spliced(bytes: Uint8Array, at: number, removed: number, added: Uint8Array): Uint8Array {
  return Buffer.concat([bytes.subarray(0, at), added, bytes.subarray(Math.min(bytes.length, at + removed))])
}
