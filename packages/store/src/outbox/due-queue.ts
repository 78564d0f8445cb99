interface Entry {
  readonly atMs: number
  readonly key: string
}

/** Which key is due first. Memory and work grow with the number of keys (a binary heap), not with what waits behind them. */
export class DueQueue {
  readonly #dueAtMs = new Map<string, number>()
  /** A heap by time. An entry that no longer agrees with `#dueAtMs` is passed over. */
  #heap: Entry[] = []

  /** When `key` is due; null when it is not queued. */
  get(key: string): number | null {
    return this.#dueAtMs.get(key) ?? null
  }

  /** Queues `key` for `atMs`, whatever it was queued for; null takes it out. */
  set(key: string, atMs: number | null): void {
    if (this.get(key) === atMs) return
    if (atMs === null) {
      this.#dueAtMs.delete(key)
      return
    }
    this.#dueAtMs.set(key, atMs)
    this.#push({ atMs, key })
    if (this.#heap.length > 2 * this.#dueAtMs.size + 64) this.#rebuild()
  }

  /** The keys that are due after `atMs`: every key is looked at. */
  after(atMs: number): string[] {
    return [...this.#dueAtMs].flatMap(([key, dueAtMs]) => (dueAtMs > atMs ? [key] : []))
  }

  /** The key that is due first. */
  peek(): Entry | null {
    for (;;) {
      const [first] = this.#heap
      if (first === undefined) return null
      if (this.#dueAtMs.get(first.key) === first.atMs) return first
      this.#pop()
    }
  }

  #rebuild(): void {
    // An array in order is a heap.
    this.#heap = [...this.#dueAtMs].map(([key, atMs]) => ({ atMs, key })).toSorted((a, b) => a.atMs - b.atMs)
  }

  #push(entry: Entry): void {
    const heap = this.#heap
    let at = heap.length
    heap.push(entry)
    while (at > 0) {
      const parentAt = (at - 1) >> 1
      const parent = heap[parentAt]
      if (parent === undefined || parent.atMs <= entry.atMs) break
      heap[at] = parent
      at = parentAt
    }
    heap[at] = entry
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let childAt = 2 * at + 1
      let child = heap[childAt]
      const right = heap[childAt + 1]
      if (child !== undefined && right !== undefined && right.atMs < child.atMs) {
        child = right
        childAt++
      }
      if (child === undefined || child.atMs >= last.atMs) break
      heap[at] = child
      at = childAt
    }
    heap[at] = last
  }
}
