import { box, clientAt, inboxOf, untilHostsAre, type Cast } from '../cast.ts'
import { eventually } from '../eventually.ts'
import { short, timed } from '../story.ts'

/** Checks: C's token is live and B's is spent, new mail is listed at C, and none at B. */
export async function moveToC(cast: Cast): Promise<void> {
  const { story, alice, bob, signal } = cast
  story.begin('Bob allows C instead, and takes the permission back from B')
  await clientAt(cast, bob, 'C').authorizeRouting({ signal })
  const both = await timed(() => untilHostsAre(cast, bob.identityKey, ['B', 'C']))
  story.check(both.value.hosts.length === 2, `C's token is on chain beside B's, after ${both.ms} ms`)
  await clientAt(cast, bob, 'B').revokeRouting({ signal })
  const moved = await timed(() => untilHostsAre(cast, bob.identityKey, ['C']))
  const [home] = moved.value.hosts
  story.check(home !== undefined, `token ${short(home?.outpoint ?? '')} leads to C alone, after ${moved.ms} ms`)
  const spent = moved.value.refused.filter(({ reason }) => reason === 'it is spent')
  story.check(spent.length > 0, `B has spent its token ${short(spent[0]?.outpoint ?? '')}: the spend is proven too`)

  const body = 'to your new home'
  const sent = await timed(() => clientAt(cast, alice, 'A').send({ recipient: bob.identityKey, box, body }, { signal }))
  const atC = await timed(() =>
    eventually('mail at C', cast, async () => {
      const messages = await inboxOf(cast, bob, 'C')
      return messages.length > 0 ? messages : null
    }),
  )
  const [first] = atC.value
  const isIt = atC.value.length === 1 && first?.messageId === sent.value[0]?.messageId && first?.verified === true
  story.check(isIt, `new mail is at C, verified, ${sent.ms + atC.ms} ms after Alice began`)
  story.check((await inboxOf(cast, bob, 'B')).length === 0, 'B has nothing of it')
  await clientAt(cast, bob, 'C').acknowledge(atC.value)
}
