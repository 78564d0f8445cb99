import { box, clientAt, inboxOf, lookUp, untilHostsAre, type Cast } from '../cast.ts'
import { eventually } from '../eventually.ts'
import { statusOf } from '../http.ts'
import { short, timed } from '../story.ts'

/** Checks: a user who is new since the node stopped is found through the other one, and gets mail; so does Bob. */
export async function stopOverlay(cast: Cast): Promise<void> {
  const { story, network, alice, bob, carol, signal } = cast
  story.begin('One overlay node is stopped')
  const [gone] = network.state().overlays
  await network.stopOverlay(0)
  story.check(
    (await statusOf(`${gone?.url ?? ''}/health/live`)) === null,
    `${gone?.url ?? ''} does not answer any more`,
  )

  await clientAt(cast, carol, 'B').authorizeRouting({ signal })
  const found = await timed(() => untilHostsAre(cast, carol.identityKey, ['B']))
  const { answered, failed } = await lookUp(cast, carol.identityKey)
  story.check(
    answered.length > 0 && failed.length === 1,
    `Carol, ${short(carol.identityKey)}, is found at B by the node that is left, after ${found.ms} ms`,
  )

  for (const [name, wallet, host] of [
    ['Carol', carol, 'B'],
    ['Bob', bob, 'C'],
  ] as const) {
    const body = `to ${name}, with one node less`
    const sent = await clientAt(cast, alice, 'A').send({ recipient: wallet.identityKey, box, body }, { signal })
    const arrived = await timed(() =>
      eventually(`mail to ${name}`, cast, async () => {
        const messages = await inboxOf(cast, wallet, host)
        return messages.length > 0 ? messages : null
      }),
    )
    const isIt = arrived.value.length === 1 && arrived.value[0]?.messageId === sent[0]?.messageId
    story.check(isIt && arrived.value[0]?.verified === true, `mail still flows to ${name} at ${host}: ${arrived.ms} ms`)
  }
}
