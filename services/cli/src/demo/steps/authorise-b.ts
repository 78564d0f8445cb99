import { clientAt, hostNamed, untilHostsAre, type Cast } from '../cast.ts'
import { short, timed } from '../story.ts'

/** Checks: the token that names B is mined, both nodes show it, and it verifies: SPV, both signatures, dates. */
export async function authoriseB(cast: Cast): Promise<void> {
  const { story, bob, signal } = cast
  story.begin('Bob allows host B to take his mail; B puts that on chain')
  const authorized = await timed(() => clientAt(cast, bob, 'B').authorizeRouting({ signal }))
  const until = new Date(authorized.value.dates.expiresAtMs).toISOString().slice(0, 10)
  story.say(`Bob signs: ${authorized.value.origin} until ${until}; B took it in ${authorized.ms} ms`)

  const found = await timed(() => untilHostsAre(cast, bob.identityKey, ['B']))
  const [home] = found.value.hosts
  story.check(
    home?.origin === hostNamed(cast, 'B').url,
    `token ${short(home?.outpoint ?? '')} in block ${home?.height ?? '?'} leads to B, after ${found.ms} ms: SPV, both signatures and dates verified`,
  )
  const nodes = cast.network.state().overlays.length
  story.check(found.value.answered.length === nodes, `all ${nodes} overlay nodes answered the look-up`)
}
