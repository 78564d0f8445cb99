import { box, clientAt, hostNamed, inboxOf, type Cast } from '../cast.ts'
import { eventually } from '../eventually.ts'
import { short, timed } from '../story.ts'

/** Checks: Bob lists the message at B, once, handed in by A, with Alice's envelope verified here; A keeps no copy for him. */
export async function sendAcross(cast: Cast): Promise<void> {
  const { story, alice, bob, signal } = cast
  story.begin('Alice sends to Bob from host A, which has never heard of him')
  const body = 'Hello Bob, from another host'
  const message = { recipient: bob.identityKey, box, body }
  const startedAtMs = performance.now()
  const sent = await timed(() => clientAt(cast, alice, 'A').send(message, { signal }))
  const messageId = sent.value[0]?.messageId ?? ''
  story.say(
    `A has message ${short(messageId)} on disk after ${sent.ms} ms; it looks Bob up, verifies the advert, forwards`,
  )

  const listed = await eventually('the message at B', cast, async () => {
    const messages = await inboxOf(cast, bob, 'B')
    return messages.length > 0 ? messages : null
  })
  const [first] = listed
  const acrossMs = Math.round(performance.now() - startedAtMs)
  const isIt = listed.length === 1 && first?.messageId === messageId && first.body === body
  story.check(isIt, `B lists exactly this message to Bob, ${acrossMs} ms after Alice began`)
  story.check(
    first?.verified === true && first.sender === alice.identityKey,
    "the envelope is Alice's own signature, verified here",
  )
  story.check(
    first?.proof === 'envelope' && first.originHost === hostNamed(cast, 'A').identityKey,
    `B says that ${short(first?.originHost ?? '')}, which is A, handed it in, proven by the envelope`,
  )
  story.check((await inboxOf(cast, bob, 'A')).length === 0, 'A keeps no copy for Bob')
}
