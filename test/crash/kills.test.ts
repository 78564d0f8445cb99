import { setTimeout as sleep } from 'node:timers/promises'
import { Chaos, killAndRestart } from '../support/chaos.ts'
import { signal } from '../support/child-process.ts'
import { longScenario, scenario, size, type ScenarioRun } from '../support/scenario.ts'
import { drawsFor } from '../support/seed.ts'
import { TestNetwork, withShortPauses } from '../support/test-network.ts'

/** Mail for three people at B, sent at A by five, in all manners; the readers acknowledge what they read all the while. */
describe('two hosts that are killed and frozen', function () {
  this.timeout(120_000)

  let network: TestNetwork

  before(async () => {
    network = await TestNetwork.start({ hosts: 2, proxied: ['A', 'B'], configure: withShortPauses })
  })
  after(() => network[Symbol.asyncDispose]())

  const begin = (run: ScenarioRun, number: number, options: { throughProxy?: boolean } = {}) =>
    Chaos.begin({ network, run, random: drawsFor(`scenario ${number}`), ...options })

  const kills: [number: number, title: string, names: readonly string[], messages: number, rounds: number][] = [
    [1, 'the sender’s host is killed while it takes and sends', ['A'], size(160, 6_000), size(4, 30)],
    [2, 'the recipients’ host is killed while it takes mail', ['B'], size(160, 6_000), size(4, 30)],
    [3, 'both hosts are killed at once', ['A', 'B'], size(90, 3_600), size(3, 18)],
  ]
  for (const [number, title, names, messages, rounds] of kills) {
    const register = number === 2 ? longScenario : scenario
    register(number, title, async (run) => {
      await using chaos = await begin(run, number)
      await chaos.bursts(messages, rounds, () => killAndRestart(network, names, run))
      await chaos.end()
    })
  }

  const answers: [host: string, path: RegExp][] = [
    ['A', /^\/sendMessage$/],
    ['B', /^\/propagateMessages?$/],
  ]
  scenario(4, 'a host is killed as the first byte of its 200 leaves it', async (run) => {
    const [messages, rounds] = [size(80, 2_000), size(2, 10)]
    await using chaos = await begin(run, 4, { throughProxy: true })
    for (const [name, path] of answers) {
      for (let round = 0; round < rounds; round += 1) {
        const killed = killAtAnswer(name, path)
        const sending = chaos.checker.send(Math.round(messages / rounds), 'until heard')
        await killed
        await killAndRestart(network, [name], run)
        await sending
      }
    }
    await chaos.end()
  })

  /** Resolves once the host was killed: by then nobody has seen a byte of that answer. */
  function killAtAnswer(name: string, path: RegExp): Promise<void> {
    const { pid } = network.host(name)
    const proxy = network.proxy(name)
    return new Promise((resolve) => {
      proxy.onAnswer = (asked, status) => {
        if (!path.test(asked) || status !== 200) return
        signal(pid, 'SIGKILL')
        proxy.onAnswer = null
        resolve()
      }
    })
  }

  scenario(7, 'the recipients’ host freezes for two seconds and is killed then', async (run) => {
    await using chaos = await begin(run, 7)
    await chaos.bursts(size(60, 3_000), size(1, 6), async () => {
      signal(network.host('B').pid, 'SIGSTOP')
      await sleep(2_000)
      await killAndRestart(network, ['B'], run)
    })
    await chaos.end()
  })

  scenario(8, 'the recipients’ host freezes for longer than any call or claim lasts, and goes on', async (run) => {
    await using chaos = await begin(run, 8)
    const frozenMs = size(2_000, 65_000)
    await chaos.bursts(size(80, 4_000), 1, async () => {
      signal(network.host('B').pid, 'SIGSTOP')
      await sleep(frozenMs)
      signal(network.host('B').pid, 'SIGCONT')
    })
    run.tell(`frozen for ${frozenMs / 1000} s`)
    await chaos.end()
  })
})
