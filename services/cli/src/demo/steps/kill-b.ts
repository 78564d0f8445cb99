import { box, clientAt, hostNamed, inboxOf, type Cast } from '../cast.ts'
import { eventually } from '../eventually.ts'
import { metricOf, statusOf } from '../http.ts'
import { timed } from '../story.ts'

const count = 20

/** Checks: A takes all 20 while B is dead; when B is back each is there once; and still once when A has nothing more to send. */
export async function killB(cast: Cast): Promise<void> {
  const { story, network, alice, bob, signal } = cast
  story.begin(`B is killed with -9, ${count} messages are sent, B returns`)
  const { url, pid } = hostNamed(cast, 'B')
  await network.killHost('B')
  story.check((await statusOf(`${url}/health/live`)) === null, `B (pid ${pid}) is dead`)

  const atA = clientAt(cast, alice, 'A')
  const bodies = Array.from({ length: count }, (_, index) => `while B was dead, ${index + 1}`)
  const sent = await timed(() =>
    Promise.all(bodies.map((body) => atA.send({ recipient: bob.identityKey, box, body }, { signal }))),
  )
  const ids = sent.value.flat().map(({ messageId }) => messageId)
  story.check(new Set(ids).size === count, `A took ${count} messages in ${sent.ms} ms, on its own disk`)

  const back = await timed(() => network.restartHost('B'))
  story.say(`B is back after ${back.ms} ms, same port, key and store, pid ${back.value.pid}`)
  const arrived = await timed(() =>
    eventually(`${count} messages at B`, cast, async () => {
      const messages = await inboxOf(cast, bob, 'B')
      return messages.length >= count ? messages : null
    }),
  )
  story.check(isEachOnce(arrived.value, ids), `all ${count} are there ${arrived.ms} ms later, each once, each verified`)
  await eventually("A's outbox to be empty", cast, async () =>
    (await metricOf(hostNamed(cast, 'A').url, 'relay_outbox_waiting')) === 0 ? true : null,
  )
  const again = await inboxOf(cast, bob, 'B')
  story.check(isEachOnce(again, ids), 'A has nothing more to send, and each is still there once')
  story.check((await clientAt(cast, bob, 'B').acknowledge(again)) === count, `Bob acknowledges ${count}`)
}

function isEachOnce(
  listed: readonly { messageId: string; verified: boolean | null }[],
  ids: readonly string[],
): boolean {
  const given = listed.map(({ messageId }) => messageId)
  return [...given].sort().join() === [...ids].sort().join() && listed.every(({ verified }) => verified === true)
}
