import type { HostKeyStore, RememberedHostKey } from '@overpost/core'
import type { HostOrigin, IdentityKey } from '@overpost/protocol'

/** The keys of hosts, gone with the process. */
export class MemoryHostKeyStore implements HostKeyStore {
  readonly #byOrigin = new Map<HostOrigin, RememberedHostKey>()

  find(origin: HostOrigin): Promise<RememberedHostKey | null> {
    return Promise.resolve(this.#byOrigin.get(origin) ?? null)
  }

  note(origin: HostOrigin, shown: IdentityKey): Promise<'remembered' | 'same' | 'changed'> {
    const known = this.#byOrigin.get(origin)
    const hostKey = known?.hostKey ?? shown
    this.#byOrigin.set(origin, { origin, hostKey, offeredKey: hostKey === shown ? null : shown })
    if (known === undefined) return Promise.resolve('remembered')
    return Promise.resolve(hostKey === shown ? 'same' : 'changed')
  }

  accept(origin: HostOrigin, offered: IdentityKey): Promise<boolean> {
    if (this.#byOrigin.get(origin)?.offeredKey !== offered) return Promise.resolve(false)
    this.#byOrigin.set(origin, { origin, hostKey: offered, offeredKey: null })
    return Promise.resolve(true)
  }

  changed(afterOrigin: HostOrigin | null, limit: number): Promise<RememberedHostKey[]> {
    const changed = [...this.#byOrigin.values()].filter(
      ({ origin, offeredKey }) => offeredKey !== null && origin > (afterOrigin ?? ''),
    )
    return Promise.resolve(changed.toSorted((a, b) => (a.origin < b.origin ? -1 : 1)).slice(0, limit))
  }
}
