/**
 * Remembers some of what a table says, and forgets all when it has grown too large. The writer's thread uses it: whatever
 * that thread imports it loads again, so it takes types and single files
 * (`@overpost/protocol/plain-text`) from the other packages, and starts in milliseconds.
 */
export class IdCache<K, V> {
  readonly #most: number
  readonly #entries = new Map<K, V>()

  constructor(most: number) {
    this.#most = most
  }

  get(key: K): V | undefined {
    return this.#entries.get(key)
  }

  set(key: K, value: V): void {
    if (this.#entries.size >= this.#most) this.#entries.clear()
    this.#entries.set(key, value)
  }

  clear(): void {
    this.#entries.clear()
  }
}
