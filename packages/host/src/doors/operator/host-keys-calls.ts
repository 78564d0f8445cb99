import type { Clock, HostKeyStore, Resolver } from '@overpost/core'
import { pinHostKey } from '../../links/pin-host-keys.ts'
import type { OperatorCalls } from './operator-door.ts'

export interface HostKeysCallsDeps {
  readonly hostKeys: Pick<HostKeyStore, 'note' | 'accept' | 'changed'>
  readonly resolver: Pick<Resolver, 'dropOrigin'>
  readonly clock: Pick<Clock, 'nowMs'>
}

/** Which hosts that users anoint show another key than the known one, and the operator's word that it is theirs. */
export function hostKeysCalls({
  hostKeys,
  resolver,
  clock,
}: HostKeysCallsDeps): Pick<OperatorCalls, 'hostKeys' | 'acceptHostKey'> {
  return {
    async hostKeys({ after, limit }) {
      return { hostKeys: await hostKeys.changed(after ?? null, limit) }
    },
    async acceptHostKey({ origin, hostKey }) {
      const changed = await pinHostKey(hostKeys, { origin, hostKey }, clock.nowMs())
      if (changed) resolver.dropOrigin(origin)
      return { changed }
    },
  }
}
