/** Random numbers that come again with the same seed (xorshift128). */
export class SeededRandom {
  readonly #state: Uint32Array

  constructor(seed: number) {
    this.#state = Uint32Array.of(seed, seed ^ 0x9e3779b9, seed + 0x7f4a7c15, 0x1b873593)
    for (let round = 0; round < 20; round++) this.#next()
  }

  /** A whole number from 0 to `below` less 1. */
  below(below: number): number {
    return this.#next() % below
  }

  pick<T>(from: readonly T[]): T {
    if (from.length === 0) throw new RangeError('Nothing to pick from')
    return from[this.below(from.length)] as T
  }

  bytes(length: number): number[] {
    return Array.from({ length }, () => this.#next() & 0xff)
  }

  #next(): number {
    const state = this.#state
    let t = state[3] ?? 0
    const s = state[0] ?? 0
    state[3] = state[2] ?? 0
    state[2] = state[1] ?? 0
    state[1] = s
    t ^= t << 11
    t ^= t >>> 8
    state[0] = t ^ s ^ (s >>> 19)
    return state[0]
  }
}
