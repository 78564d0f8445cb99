import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { HostSession } from '@overpost/auth'
import { RelayClientError, type MessageBoxClient, type PreparedMessage } from '@overpost/client'
import type { Random } from '@overpost/core'
import { seededRandom } from '@overpost/core/testing'
import { identityKeySchema } from '@overpost/protocol'
import { expect } from 'chai'
import { expectDrained } from '../support/drained.ts'
import { bodiesIn, newPerson, type Person } from '../support/person.ts'
import { report } from '../support/report.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const inFlight = 8
const senders = 5
/** After a burst of messages begins, the kill falls somewhere in it: it takes about this long on an idle machine. */
const burstMs = 120

/** What the sender of a message knows of it. */
type Fate = 'accepted' | 'refused' | 'unknown'

interface Run {
  readonly messages: number
  readonly kills: number
  /** Sends one message, and says what became of it. */
  readonly send: (message: PreparedMessage, sender: Person) => Promise<Fate>
}

interface Outcome {
  readonly fates: ReadonlyMap<string, Fate>
  readonly killed: Readonly<Record<'A' | 'B', number>>
}

describe('two hosts of which one or the other is killed with -9 at any moment', function () {
  this.timeout(240_000)

  let network: TestNetwork
  let bob: Person
  let atB: MessageBoxClient
  const seed = Number(process.env['SEED'] ?? randomBytes(4).readUInt32BE())

  before(async () => {
    network = await TestNetwork.start({ hosts: 2 })
    bob = newPerson()
    await network.authorize(bob, 'B')
    atB = network.client(bob, 'B')
    report(`seed ${seed} (set SEED to draw the same again)`)
  })
  after(() => network[Symbol.asyncDispose]())

  it('list each of 500 accepted messages exactly once, when senders send again until they hear', async () => {
    const random = seededRandom(seed)
    const startedAt = performance.now()
    let repeats = 0
    const send = async (message: PreparedMessage, sender: Person): Promise<Fate> => {
      const client = network.client(sender, 'A')
      for (;;) {
        try {
          await client.send(message)
          return 'accepted'
        } catch (error) {
          if (!(error instanceof RelayClientError && error.isTemporary)) throw error
          repeats += 1
        }
      }
    }
    const { fates, killed } = await runWithKills({ messages: 500, kills: 20, send }, random)
    const sendingMs = performance.now() - startedAt
    const accepted = [...fates.keys()]
    const listed = await waitForAll(accepted)
    expect(listed.toSorted(), 'a multiset: nothing lost, nothing twice').to.deep.equal(accepted.toSorted())
    const seconds = ((performance.now() - startedAt) / 1000).toFixed(1)
    report(
      `${killed.A} kills of A and ${killed.B} of B, as many restarts; 500 messages, sent again ${repeats} times after three ` +
        `tries of the client; all accepted after ${(sendingMs / 1000).toFixed(1)} s, all listed after ${seconds} s`,
    )
  })

  it('keep nothing at the sender’s host, and bring nothing again after the acknowledgement and another kill of both', async () => {
    await acknowledgeAll()
    await expectSilence()
  })

  it('list accepted messages exactly once, and others at most once, when senders do not send again', async () => {
    const random = seededRandom(seed + 1)
    const { fates, killed } = await runWithKills({ messages: 200, kills: 8, send: sendOnce }, random)
    const withFate = (fate: Fate): string[] => [...fates].filter(([, is]) => is === fate).map(([body]) => body)
    const [accepted, unknown] = [withFate('accepted'), withFate('unknown')]
    expect(withFate('refused')).to.deep.equal([])
    await waitForAll(accepted)
    await expectDrained(network, 'A')
    const listed = await bodiesIn(atB, box)
    expect(new Set(listed).size, 'nothing twice').to.equal(listed.length)
    expect(listed).to.include.members(accepted)
    expect([...accepted, ...unknown]).to.include.members(listed)
    const heardNothing = listed.length - accepted.length
    report(
      `${killed.A} kills of A and ${killed.B} of B; ${accepted.length} accepted, ` +
        `${unknown.length} unknown to their senders, of which ${heardNothing} arrived`,
    )
    await acknowledgeAll()
    await expectSilence()
  })

  /** Bursts of messages, and in each of them a kill -9 and a restart; the next burst does not wait for the last. */
  async function runWithKills({ messages, kills, send }: Run, random: Random): Promise<Outcome> {
    const people = Array.from({ length: senders }, () => newPerson())
    const fates = new Map<string, Fate>()
    const killed = { A: 0, B: 0 }
    const bursts: Promise<void>[] = []
    for (let round = 0; round < kills; round += 1) {
      const first = Math.floor((messages * round) / kills)
      const last = Math.floor((messages * (round + 1)) / kills)
      const bodies = Array.from({ length: last - first }, (_, index) => `message ${first + index}`)
      bursts.push(sendAll(bodies, people, send, fates))
      const drawn = random.fraction()
      const victims = drawn < 0.4 ? (['A'] as const) : drawn < 0.8 ? (['B'] as const) : (['A', 'B'] as const)
      await sleep(random.fraction() * burstMs)
      await Promise.all(victims.map((name) => network.kill(name)))
      for (const name of victims) {
        killed[name] += 1
        await network.restart(name)
      }
    }
    await Promise.all(bursts)
    expect(fates.size).to.equal(messages)
    return { fates, killed }
  }

  async function sendAll(
    bodies: readonly string[],
    people: readonly Person[],
    send: Run['send'],
    fates: Map<string, Fate>,
  ): Promise<void> {
    const waiting = bodies.map((body, index) => ({ body, sender: people[index % people.length]! }))
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
        const { body, sender } = next
        const message = await network.client(sender, 'A').prepare({ recipient: bob.key, box, body })
        fates.set(body, await send(message, sender))
      }
    }
    await Promise.all(Array.from({ length: inFlight }, worker))
  }

  /** One request, never repeated, once A has taken up the session: who then gets no answer does not know. */
  async function sendOnce({ request }: PreparedMessage, { wallet }: Person): Promise<Fate> {
    const { url: origin, identityKey } = network.host('A')
    const expectedHostKey = identityKeySchema.parse(identityKey)
    const session = new HostSession({ wallet, origin, expectedHostKey, transport: network.transport })
    const call = (path: string, body: object) =>
      session.call({ method: 'POST', path, body: JSON.stringify(body), signal: AbortSignal.timeout(10_000) })
    await until('a session with A', () => call('/listMessages', { messageBox: 'none' }).catch(() => null))
    try {
      const { status } = await call('/sendMessage', request)
      return status === 200 ? 'accepted' : status >= 500 ? 'unknown' : 'refused'
    } catch {
      return 'unknown'
    }
  }

  /** What B lists once all of these are there. */
  function waitForAll(expected: readonly string[]): Promise<string[]> {
    return until(
      `${expected.length} messages at B`,
      async () => {
        const listed = await bodiesIn(atB, box)
        const found = new Set(listed)
        return expected.every((body) => found.has(body)) && listed
      },
      60_000,
    )
  }

  async function acknowledgeAll(): Promise<void> {
    const messages = []
    for await (const message of atB.listAll({ box, limit: 1000 })) messages.push(message)
    expect(await atB.acknowledge(messages)).to.equal(messages.length)
    expect(await bodiesIn(atB, box)).to.deep.equal([])
  }

  /** Kills and restarts both: what A still had for Bob would then come before the marker, or be counted. */
  async function expectSilence(): Promise<void> {
    await network.kill('B')
    await network.restart('B')
    await expectDrained(network, 'A')
    expect(await bodiesIn(network.client(bob, 'A'), box), 'copies at A').to.deep.equal([])
    const marker = newPerson()
    await network.client(marker, 'A').send({ recipient: bob.key, box, body: 'the marker' })
    await waitForAll(['the marker'])
    expect(await bodiesIn(atB, box)).to.deep.equal(['the marker'])
    await acknowledgeAll()
  }
})
