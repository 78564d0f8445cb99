import type { HostKeyStore } from '@overpost/core'
import type { HostOrigin, IdentityKey } from '@overpost/protocol'

/** `ORIGIN KEY`, as operators write it. */
export const hostKeyPin = /^https?:\/\/\S+ 0[23][0-9a-f]{64}$/

/** Makes the keys that the operator names those of their origins, whatever was known before. The same again changes nothing. */
export async function pinHostKeys(store: HostKeyStore, pins: readonly string[], nowMs: number): Promise<void> {
  for (const pin of pins) {
    const [origin, hostKey] = pin.split(' ') as [HostOrigin, IdentityKey]
    // What was shown is noted first: only a key that was offered can be accepted.
    if ((await store.note(origin, hostKey, nowMs)) === 'changed') await store.accept(origin, hostKey, nowMs)
  }
}
