import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { HostState } from '@overpost/devnet/network'
import { expect } from 'chai'
import { gone, overpost, ReadyProcess, signal } from '../support/child-process.ts'
import { metric } from '../support/host-metrics.ts'
import { bodiesIn, newPerson, type Person } from '../support/person.ts'
import { scenario } from '../support/scenario.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const holder = fileURLToPath(new URL('../../support/held-socket.py', import.meta.url))
const senders = 4
const restarts = 2
/** What a client waits if nobody says otherwise: a restart takes seconds, and more where the machine has other work. */
const clientTimeoutMs = 30_000

interface Supervised {
  readonly name: string
  readonly process: ReadyProcess<HostState>
  pid: number
}

/** Each host runs under a supervisor that holds its socket, as systemd does. */
describe('a rolling restart', function () {
  this.timeout(180_000)

  let network: TestNetwork
  const supervised: Supervised[] = []
  const [bob, ann] = [newPerson(), newPerson()]
  const people = Array.from({ length: senders }, newPerson)

  before(async () => {
    network = await TestNetwork.start({ hosts: 2 })
    await network.authorize(bob, 'B')
    await network.authorize(ann, 'A')
  })
  after(async () => {
    for (const host of supervised) await host.process[Symbol.asyncDispose]()
    await (network as TestNetwork | undefined)?.[Symbol.asyncDispose]()
  })

  scenario(
    24,
    `each of two hosts started anew ${restarts} times under load: no failed request, sessions kept`,
    async (run) => {
      if (spawnSync('python3', ['--version']).status !== 0) run.skip('python3 is not here to hold a socket')
      for (const name of ['A', 'B']) supervised.push(await supervise(name))
      const failures: string[] = []
      const accepted: string[] = []
      const waits: number[] = []
      let isOver = false
      // One client each, with its session, from the first message to the last.
      const send = async (person: Person, index: number): Promise<void> => {
        const client = clientOf(person, 'A')
        for (let n = 0; !isOver; n += 1) {
          const body = `${index} ${n}`
          const [to, at] = n % 2 === 0 ? [bob, 'B'] : [ann, 'A']
          const startedAt = performance.now()
          await client.send({ recipient: to.key, box, body, messageId: `${body} to ${at}` }).then(
            () => accepted.push(`${at} ${body}`),
            (error: unknown) => failures.push(String(error)),
          )
          waits.push(performance.now() - startedAt)
        }
      }
      const read = async (person: Person, name: string): Promise<void> => {
        const client = clientOf(person, name)
        while (!isOver) await bodiesIn(client, box).catch((error: unknown) => failures.push(String(error)))
      }
      const load = Promise.all([...people.map(send), read(bob, 'B'), read(ann, 'A')])
      const handshakes = async (): Promise<number> => {
        const counts = await Promise.all(['A', 'B'].map((name) => metric(network.host(name).url, handshakeCount)))
        return counts.reduce<number>((sum, count) => sum + (count ?? 0), 0)
      }
      for (let round = 0; round < restarts; round += 1) {
        for (const host of supervised) {
          await until('some messages', grown(accepted, 30), clientTimeoutMs)
          await startAnew(host)
        }
      }
      await until('some messages', grown(accepted, 30), clientTimeoutMs)
      const handshakesAfter = await handshakes()
      isOver = true
      await load

      expect(failures).to.deep.equal([])
      const there = await until('all at both', async () => {
        const found = await Promise.all([
          bodiesIn(network.client(bob, 'B'), box),
          bodiesIn(network.client(ann, 'A'), box),
        ])
        const named = [...found[0].map((body) => `B ${body}`), ...found[1].map((body) => `A ${body}`)]
        return named.length >= accepted.length && named
      })
      expect(there.toSorted()).to.deep.equal(accepted.toSorted())
      expect(handshakesAfter, 'handshakes since the last starts').to.equal(0)
      run.count({ messages: accepted.length, lost: 0, doubled: 0 })
      const longest = Math.max(...waits)
      run.tell(
        `${accepted.length} sends over ${2 * restarts} restarts, 0 failed, the longest took ${Math.round(longest)} ms`,
      )
    },
  )

  const clientOf = (person: Person, name: string) => network.client(person, name, undefined, clientTimeoutMs)

  async function supervise(name: string): Promise<Supervised> {
    const { url, dir } = network.host(name)
    await network.stop(name)
    const host = [...overpost, 'host', 'start', '--config', network.configFile(name), '--listen-fd', '3']
    const process = await ReadyProcess.start<HostState>(['python3', holder, new URL(url).port, ...host], `${dir}/log`)
    return { name, process, pid: process.ready.pid }
  }

  /** SIGTERM, as `systemctl restart` does; the supervisor starts it again. */
  async function startAnew(host: Supervised): Promise<void> {
    const { url } = network.host(host.name)
    signal(host.pid, 'SIGTERM')
    await gone(host.pid)
    await until(`${host.name} again`, async () => (await fetch(`${url}/health/live`)).ok)
    host.pid = await pidOf(host.name)
  }

  const pidOf = (name: string): Promise<number> =>
    until(`the process of ${name}`, () => {
      const found = spawnSync('pgrep', ['-f', `host start --config ${network.configFile(name)} --listen-fd 3`])
      const pids = found.stdout.toString().trim().split('\n').map(Number)
      return Math.max(...pids)
    })
})

const handshakeCount = 'relay_http_requests_total{route="/.well-known/auth",status="200"}'

/** Looks whether a list has grown by so many since now. */
function grown(list: readonly unknown[], by: number): () => boolean {
  const from = list.length
  return () => list.length >= from + by
}
