import { clientAt, inboxOf, type Cast } from '../cast.ts'

/** Checks: the acknowledgement removes one message, the box is then empty, and a second acknowledgement finds nothing. */
export async function readAndAcknowledge(cast: Cast): Promise<void> {
  const { story, bob } = cast
  story.begin('Bob reads it, and acknowledges')
  const messages = await inboxOf(cast, bob, 'B')
  story.say(`Bob reads: ${JSON.stringify(messages[0]?.body)}`)
  const atB = clientAt(cast, bob, 'B')
  story.check((await atB.acknowledge(messages)) === 1, 'one message acknowledged')
  story.check((await inboxOf(cast, bob, 'B')).length === 0, 'the box is empty')
  story.check((await atB.acknowledge(messages)) === 0, 'a second acknowledgement removes nothing')
}
