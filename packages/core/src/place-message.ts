import { forwardingTo } from './forwarding.ts'
import type { Homes } from './homes.ts'
import type { Message } from './message.ts'
import type { Placement } from './ports/mailbox-store.ts'
import type { Random } from './ports/random.ts'
import type { Resolver } from './resolve-hosts.ts'

export interface PlaceDeps {
  readonly homes: Pick<Homes, 'has'>
  readonly resolver: Pick<Resolver, 'cached' | 'isBlind'>
  readonly random: Random
}

/**
 * Where a message goes (design section 2.1): its homes, or here as a guest when none is known. Asks nobody: where it is not
 * known whether there are homes besides this one, the outbox finds out.
 */
export async function placeMessage(
  message: Message,
  nowMs: number,
  { homes, resolver, random }: PlaceDeps,
): Promise<Placement> {
  const isHome = await homes.has(message.recipient, message.box)
  const known = resolver.cached(message.recipient, message.box)
  const routes = known ?? []
  const here = isHome ? 'home' : routes.length > 0 ? 'none' : 'guest'
  const forwardings = routes.map((to) => forwardingTo(to, nowMs, random))
  return { message, acceptedAtMs: nowMs, here, forwardings, seeksOthers: isHome && known === null && !resolver.isBlind }
}
