/**
 * What is there now, in no order, where much comes and goes. Not a `Set`: a table that a `Set` outgrew keeps a link to its next, so one
 * that has become old for the garbage collector keeps all that came after it, and what was in them, until a full collection
 * (docs/decisions/0037-what-the-collector-costs.md).
 */
export class Roster<T> implements Iterable<T> {
  readonly #entries: { readonly item: T; at: number }[] = []

  get size(): number {
    return this.#entries.length
  }

  /** What is returned takes the item away again; to be called once. */
  add(item: T): () => void {
    const entry = { item, at: this.#entries.length }
    this.#entries.push(entry)
    return () => {
      const last = this.#entries.pop()
      if (last === undefined || last === entry) return
      this.#entries[entry.at] = last
      last.at = entry.at
    }
  }

  *[Symbol.iterator](): Iterator<T> {
    for (const { item } of this.#entries) yield item
  }
}
