import { isInForce, type Store } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'

/** Whether `user` authorised this host, for whatever boxes. */
export async function isHosted(
  { authorizations }: Pick<Store, 'authorizations'>,
  user: IdentityKey,
  nowMs: number,
): Promise<boolean> {
  const found = await authorizations.find(user)
  return found !== null && found.revokedAtMs === null && isInForce(found.authorization, nowMs)
}
