import { setTimeout as sleep } from 'node:timers/promises'
import { RelayClientError, type ListedMessage, type MessageBoxClient } from '@overpost/client'
import type { Person } from './person.ts'
import type { TestNetwork } from './test-network.ts'

/** One stored message as it was read: the same one when it is listed again, since its stored time is the same. */
export interface Copy {
  readonly message: ListedMessage
  /** First seen after the acknowledgement of an earlier one of the same name had begun. */
  readonly isAfterAcknowledgement: boolean
  isBeingAcknowledged: boolean
  /** The host has confirmed the acknowledgement. */
  isGone: boolean
}

export interface Reading {
  readonly person: Person
  readonly host: string
  readonly box: string
}

const acknowledgedAtOnce = 500
const pauseMs = 50

/** Reads one box at one host, acknowledges, and remembers all it ever saw. One read at a time. */
export class MailReader {
  readonly person: Person
  /** Messages that were listed again after the host had confirmed their acknowledgement, or twice in one listing. */
  readonly ghosts: ListedMessage[] = []
  readonly #client: MessageBoxClient
  readonly #box: string
  readonly #copies = new Map<string, Copy>()
  readonly #lastOfName = new Map<string, Copy>()

  constructor(network: TestNetwork, { person, host, box }: Reading) {
    this.person = person
    this.#box = box
    this.#client = network.client(person, host)
  }

  get copies(): Copy[] {
    return [...this.#copies.values()]
  }

  /** One listing, to its end; what was found is acknowledged. @throws {RelayClientError} while the host is not to be reached */
  async read(): Promise<void> {
    const found = new Map<string, Copy>()
    for await (const message of this.#client.listAll({ box: this.#box, limit: 1000, withEnvelope: true })) {
      const { sender, messageId, body, receivedAtMs } = message
      const name = `${sender} ${messageId}`
      const key = JSON.stringify([name, receivedAtMs, body])
      const known = this.#copies.get(key)
      if (known?.isGone === true || found.has(key)) this.ghosts.push(message)
      const isAfterAcknowledgement = this.#lastOfName.get(name)?.isBeingAcknowledged ?? false
      const copy = known ?? { message, isAfterAcknowledgement, isBeingAcknowledged: false, isGone: false }
      this.#copies.set(key, copy)
      this.#lastOfName.set(name, copy)
      found.set(key, copy)
    }
    await this.#acknowledge([...found.values()])
  }

  /** Reads until `signal` aborts, through whatever befalls the host. */
  async readAlong(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.read()
      } catch (error) {
        if (!(error instanceof RelayClientError && error.isTemporary)) throw error
      }
      await sleep(pauseMs)
    }
  }

  async #acknowledge(copies: readonly Copy[]): Promise<void> {
    for (let at = 0; at < copies.length; at += acknowledgedAtOnce) {
      const some = copies.slice(at, at + acknowledgedAtOnce)
      for (const copy of some) copy.isBeingAcknowledged = true
      await this.#client.acknowledge(some.map(({ message }) => message))
      for (const copy of some) copy.isGone = true
    }
  }
}
