import { setTimeout as sleep } from 'node:timers/promises'
import type { Random } from '@overpost/core'
import { Checker } from './checker.ts'
import { newPerson } from './person.ts'
import type { ScenarioRun } from './scenario.ts'
import type { TestNetwork } from './test-network.ts'
import { countsOf, expectClean, type Verdict } from './verdict.ts'

/** A burst of messages, of which one fault falls somewhere into the first moments. */
const burstMs = 120
let boxes = 0

export interface ChaosOptions {
  readonly network: TestNetwork
  readonly random: Random
  readonly run: ScenarioRun
  /** The homes of the readers, one each. A is where all is sent. */
  readonly homes?: readonly string[]
  /** Senders reach A through its proxy, as hosts do. */
  readonly throughProxy?: boolean
}

/**
 * A checker with readers of its own, who read and acknowledge all the while, until `end`: that waits for the last message,
 * and fails unless each was delivered once or came back.
 */
export class Chaos implements AsyncDisposable {
  readonly checker: Checker
  readonly #options: ChaosOptions
  readonly #ended = new AbortController()
  readonly #reading: Promise<void>

  private constructor(options: ChaosOptions, checker: Checker) {
    this.#options = options
    this.checker = checker
    this.#reading = checker.readAlong(this.#ended.signal)
    this.#reading.catch(() => undefined) // told of by end()
  }

  static async begin(options: ChaosOptions): Promise<Chaos> {
    const { network, random, homes = ['B', 'B', 'B'], throughProxy = false } = options
    const readers = homes.map((home) => ({ person: newPerson(), home }))
    await Promise.all(readers.map(({ person, home }) => network.authorize(person, home)))
    boxes += 1
    const checker = new Checker({ network, from: 'A', throughProxy, readers, box: `box ${boxes}`, random })
    await checker.sendAndRead(3 * readers.length) // A knows the ways, and has spoken with the others
    return new Chaos(options, checker)
  }

  /** Sends so many messages in bursts, into each of which `strike` falls at a random moment; the next does not wait for the last. */
  async bursts(messages: number, strikes: number, strike: (round: number) => Promise<void>): Promise<void> {
    const sending: Promise<void>[] = []
    for (let round = 0; round < strikes; round += 1) {
      const first = Math.floor((messages * round) / strikes)
      const last = Math.floor((messages * (round + 1)) / strikes)
      sending.push(this.checker.send(last - first))
      await sleep(this.#options.random.fraction() * burstMs)
      await strike(round)
    }
    await Promise.all(sending)
  }

  /** Stops reading; fails for what befell the readers. */
  async #stopReading(): Promise<void> {
    this.#ended.abort()
    await this.#reading
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stopReading().catch(() => undefined)
  }

  async end(): Promise<Verdict> {
    const { run } = this.#options
    await this.#stopReading()
    const healedAt = performance.now()
    const verdict = await this.checker.settle()
    const seconds = ((performance.now() - healedAt) / 1000).toFixed(1)
    run.count(countsOf(verdict))
    const { attempted, accepted, refused, unknown, unknownArrived } = verdict
    run.tell(
      `${attempted} attempted: ${accepted} accepted, ${refused} refused, ${unknown} unknown to their senders, of which ` +
        `${unknownArrived} arrived; sent again ${this.checker.repeats} times; all settled ${seconds} s after the end`,
    )
    expectClean(verdict)
    return verdict
  }
}

/** kill -9, and a start. */
export async function killAndRestart(network: TestNetwork, names: readonly string[], run: ScenarioRun): Promise<void> {
  await Promise.all(names.map((name) => network.kill(name)))
  run.count({ kills: names.length })
  for (const name of names) await network.restart(name)
}
