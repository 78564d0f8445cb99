import { fetchTransport, type Transport, type TransportRequest } from '@overpost/auth/session'
import { box, clientAt, inboxOf, type Cast } from '../cast.ts'
import { eventually } from '../eventually.ts'
import { StoryError } from '../story.ts'

/** Checks: the same bytes a second time get 401, and Bob has the message once. */
export async function replayRequest(cast: Cast): Promise<void> {
  const { story, alice, bob, signal } = cast
  story.begin("Mallory has recorded Alice's request on the wire, and sends the same bytes again")
  const recorded: TransportRequest[] = []
  const network = fetchTransport()
  const wire: Transport = (request) => {
    recorded.push(request)
    return network(request)
  }
  await clientAt(cast, alice, 'A', wire).send({ recipient: bob.identityKey, box, body: 'once only' }, { signal })
  const request = recorded.find(({ url }) => url.endsWith('/sendMessage'))
  if (request === undefined) throw new StoryError('the request was not recorded')

  for (const attempt of ['first', 'second']) {
    const { status, headers } = await network({ ...request, signal: AbortSignal.timeout(10_000) })
    const isRefused = status === 401 && headers['x-bsv-auth-signature'] === undefined
    story.check(isRefused, `the ${attempt} replay is refused: ${status}`)
  }
  const messages = await eventually('the message at B', cast, async () => {
    const listed = await inboxOf(cast, bob, 'B')
    return listed.length > 0 ? listed : null
  })
  story.check(messages.length === 1 && messages[0]?.body === 'once only', 'Bob has it once')
  await clientAt(cast, bob, 'B').acknowledge(messages)
}
