/** Bytes that one slot takes: two halves of a hash and a mark. */
export const slotBytes = 9
const smallestSlots = 8

/**
 * A set of 64-bit hashes, each with the generation in which it came, in typed arrays: 9 bytes for a slot, of which at most
 * three in four are in use. Generations are 0 to 254.
 */
export class NonceSet {
  #halves: Uint32Array
  /** Generation plus 1; 0 is an empty slot. */
  #marks: Uint8Array
  #count = 0

  /** `expected`: how many entries to make room for at once. */
  constructor(expected = 0) {
    const slots = slotsFor(expected)
    this.#halves = new Uint32Array(2 * slots)
    this.#marks = new Uint8Array(slots)
  }

  get count(): number {
    return this.#count
  }

  get bytes(): number {
    return this.#marks.length * slotBytes
  }

  /** What the set would take more if one entry came. */
  get bytesToGrow(): number {
    return (this.#count + 1) * 4 > this.#marks.length * 3 ? this.bytes : 0
  }

  has(high: number, low: number): boolean {
    return this.#marks[this.#slotOf(high, low)] !== 0
  }

  /** False when it is here already; its generation stays then. */
  add(high: number, low: number, generation: number): boolean {
    let slot = this.#slotOf(high, low)
    if (this.#marks[slot] !== 0) return false
    if (this.bytesToGrow > 0) {
      this.#rebuild(this.#marks.length * 2, null)
      slot = this.#slotOf(high, low)
    }
    this.#put(slot, high, low, generation)
    return true
  }

  /** Keeps the entries whose generation passes, in as few slots as they need. */
  keep(stays: (generation: number) => boolean): void {
    let staying = 0
    for (const mark of this.#marks) if (mark !== 0 && stays(mark - 1)) staying++
    if (staying === this.#count) return
    this.#rebuild(slotsFor(staying), stays)
  }

  *entries(): Generator<[high: number, low: number, generation: number]> {
    for (const [slot, mark] of this.#marks.entries()) {
      if (mark !== 0) yield [this.#halves[2 * slot] ?? 0, this.#halves[2 * slot + 1] ?? 0, mark - 1]
    }
  }

  /** The slot that holds the hash, or the free one where it belongs. */
  #slotOf(high: number, low: number): number {
    const last = this.#marks.length - 1
    let slot = low & last
    while (this.#marks[slot] !== 0 && (this.#halves[2 * slot] !== high || this.#halves[2 * slot + 1] !== low)) {
      slot = (slot + 1) & last
    }
    return slot
  }

  #put(slot: number, high: number, low: number, generation: number): void {
    this.#halves[2 * slot] = high
    this.#halves[2 * slot + 1] = low
    this.#marks[slot] = generation + 1
    this.#count++
  }

  #rebuild(slots: number, stays: ((generation: number) => boolean) | null): void {
    const halves = this.#halves
    const marks = this.#marks
    this.#halves = new Uint32Array(2 * slots)
    this.#marks = new Uint8Array(slots)
    this.#count = 0
    for (let slot = 0; slot < marks.length; slot++) {
      const generation = (marks[slot] ?? 0) - 1
      if (generation < 0 || (stays !== null && !stays(generation))) continue
      const high = halves[2 * slot] ?? 0
      const low = halves[2 * slot + 1] ?? 0
      this.#put(this.#slotOf(high, low), high, low, generation)
    }
  }
}

function slotsFor(count: number): number {
  let slots = smallestSlots
  while (count * 4 > slots * 3) slots *= 2
  return slots
}
