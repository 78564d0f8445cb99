import type { HostKeyStore } from '@overpost/core'
import type { HostOrigin, IdentityKey } from '@overpost/protocol'

/** `ORIGIN KEY`, as operators write it. */
export const hostKeyPin = /^https?:\/\/\S+ 0[23][0-9a-f]{64}$/

/** Makes the keys that the operator names those of their origins, whatever was known before. The same again changes nothing. */
export async function pinHostKeys(store: HostKeyStore, pins: readonly string[], nowMs: number): Promise<void> {
  for (const pin of pins) {
    const [origin, hostKey] = pin.split(' ') as [HostOrigin, IdentityKey]
    await pinHostKey(store, { origin, hostKey }, nowMs)
  }
}

/** One of them. False when it was the known one already. */
export async function pinHostKey(
  store: Pick<HostKeyStore, 'note' | 'accept'>,
  { origin, hostKey }: { readonly origin: HostOrigin; readonly hostKey: IdentityKey },
  nowMs: number,
): Promise<boolean> {
  // What was shown is noted first: only a key that was offered can be accepted.
  const noted = await store.note(origin, hostKey, nowMs)
  return noted === 'changed' ? await store.accept(origin, hostKey, nowMs) : noted === 'remembered'
}
