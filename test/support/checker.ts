import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { HostSession } from '@overpost/auth'
import { RelayClientError, type MessageBoxClient, type PreparedMessage } from '@overpost/client'
import type { Random } from '@overpost/core'
import { identityKeySchema, type SendMessageJson } from '@overpost/protocol'
import { untilDrained } from './drained.ts'
import { MailReader } from './mail-reader.ts'
import { newPerson, type Person } from './person.ts'
import type { TestNetwork } from './test-network.ts'
import { until } from './until.ts'
import { judge, returnedBy, returnsBox, type Attempt, type Manner, type Verdict } from './verdict.ts'

export interface CheckerOptions {
  readonly network: TestNetwork
  /** Where all is sent. */
  readonly from: string
  readonly throughProxy?: boolean
  /** Where each reader is at home. Each is authorised by then, and reads `box` there. */
  readonly readers: readonly { readonly person: Person; readonly home: string }[]
  /** Of its own for each check, as boxes are read to the end. */
  readonly box: string
  readonly random: Random
}

const senders = 5
const inFlight = 8
const callTimeoutMs = 10_000
const largeBytes = 20_000

/**
 * Sends, reads, and says what became of each message, in the way of Jepsen's total queue: what was attempted, accepted,
 * refused or unknown to its sender is compared with what was read, as multisets.
 */
export class Checker {
  readonly #options: CheckerOptions
  readonly #attempts: Attempt[] = []
  readonly #senders = Array.from({ length: senders }, () => newPerson())
  readonly #clients = new Map<Person, MessageBoxClient>()
  readonly #sessions = new Map<Person, HostSession>()
  readonly #readers: readonly MailReader[]
  readonly #name = randomBytes(4).toString('hex')
  #repeats = 0

  constructor(options: CheckerOptions) {
    this.#options = options
    const { network, box } = options
    this.#readers = options.readers.map(({ person, home }) => new MailReader(network, { person, host: home, box }))
  }

  get attempted(): number {
    return this.#attempts.length
  }

  get #origin(): string {
    const { network, from, throughProxy = false } = this.#options
    return throughProxy ? network.proxy(from).url : network.host(from).url
  }

  /** How many messages for these were accepted so far. */
  acceptedFor(recipients: readonly { readonly person: Person }[]): number {
    const keys = new Set<string>(recipients.map(({ person }) => person.key))
    return this.#attempts.filter(({ fate, recipient }) => fate === 'accepted' && keys.has(recipient)).length
  }

  /** How often a client sent again what it had not heard of. */
  get repeats(): number {
    return this.#repeats
  }

  /**
   * Sends so many new messages, eight at a time, each in a manner that is drawn unless it is given; resolves when their
   * senders know, or will never know, what became of them.
   */
  async send(count: number, manner?: Manner): Promise<void> {
    const { random, readers } = this.#options
    const waiting = Array.from({ length: count }, (): Attempt => {
      const drawn = random.fraction()
      const sender = this.#senders[this.#attempts.length % senders]!
      const { person } = readers[Math.floor(random.fraction() * readers.length)]!
      const padding = 'x'.repeat(random.fraction() < 0.03 ? largeBytes : Math.floor(random.fraction() * 400))
      const attempt: Attempt = {
        body: `${this.#name} ${this.#attempts.length} ${padding}`,
        messageId: randomBytes(16).toString('hex'),
        sender: sender.key,
        recipient: person.key,
        manner: manner ?? (drawn < 0.6 ? 'until heard' : drawn < 0.8 ? 'once' : 'stock'),
        fate: 'unknown',
        code: null,
        sends: 0,
      }
      this.#attempts.push(attempt)
      return attempt
    })
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await this.#sendOne(next)
    }
    await Promise.all(Array.from({ length: inFlight }, worker))
  }

  /** Sends so many, and waits until all have arrived: so that the sending host knows the ways. */
  async sendAndRead(count: number): Promise<void> {
    await this.send(count, 'until heard')
    await this.#untilEnded(this.#readers, 60_000)
  }

  /** Reads and acknowledges at the readers' homes until `signal` aborts, through whatever befalls them. */
  async readAlong(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#readers.map((reader) => reader.readAlong(signal)))
  }

  /**
   * To be called when all is healed: waits until each accepted message was read or came back, and the outbox of the sending
   * host is empty; reads what is left everywhere, with keys that may and with one that may not; and compares.
   */
  async settle(withinMs = 120_000): Promise<Verdict> {
    const { network, from, box, readers: homes } = this.#options
    const reader = (person: Person, host: string, name = box): MailReader =>
      new MailReader(network, { person, host, box: name })
    const returns = this.#senders.map((person) => reader(person, from, returnsBox))
    const ending = [...this.#readers, ...returns]
    await this.#untilEnded(ending, withinMs).catch(() => undefined) // what is missing is lost, and the verdict names it
    await untilDrained(network, from)
    const copiesHere = homes.filter(({ home }) => home !== from).map(({ person }) => reader(person, from))
    const hosts = new Set([from, ...homes.map(({ home }) => home)])
    const strangers = [...hosts].map((host) => reader(newPerson(), host))
    for (const one of [...ending, ...copiesHere, ...strangers]) await one.read()
    return judge({ attempts: this.#attempts, readers: [...this.#readers, ...copiesHere], returns, strangers })
  }

  /** Waits until the readers, who read along, have all that was accepted. */
  async untilRead(withinMs: number): Promise<void> {
    await until('what was accepted', () => this.#isEnded(this.#readers), withinMs)
  }

  /** Whether each accepted message was read, or came back. */
  #isEnded(readers: readonly MailReader[]): boolean {
    const messages = readers.flatMap(({ copies }) => copies.map(({ message }) => message))
    const ended = new Set(messages.flatMap((message) => [message.messageId, ...returnedBy(message)]))
    return this.#attempts.every(({ fate, messageId }) => fate !== 'accepted' || ended.has(messageId))
  }

  /** Reads until each accepted message was read, or came back. */
  async #untilEnded(readers: readonly MailReader[], withinMs: number): Promise<void> {
    await until(
      'what was accepted',
      async () => {
        for (const reader of readers) await reader.read()
        return this.#isEnded(readers)
      },
      withinMs,
    )
  }

  async #sendOne(attempt: Attempt): Promise<void> {
    const { network, from, box } = this.#options
    const sender = this.#senders.find(({ key }) => key === attempt.sender)!
    let client = this.#clients.get(sender)
    if (client === undefined) this.#clients.set(sender, (client = network.client(sender, from, this.#origin)))
    const { recipient, body, messageId } = attempt
    const message = await client.prepare({ recipient, box, body, messageId })
    switch (attempt.manner) {
      case 'until heard':
        await this.#sendUntilHeard(attempt, () => client.send(message))
        break
      case 'stock':
        await this.#sendUntilHeard(attempt, () => this.#post(sender, withoutEnvelope(message)))
        break
      case 'once':
        attempt.sends += 1
        try {
          await this.#post(sender, onlyRequest(message))
          attempt.fate = 'accepted'
        } catch (error) {
          if (isRefusal(error)) Object.assign(attempt, { fate: 'refused', code: error.code })
        }
    }
  }

  async #sendUntilHeard(attempt: Attempt, send: () => Promise<unknown>): Promise<void> {
    for (;;) {
      attempt.sends += 1
      try {
        await send()
        attempt.fate = 'accepted'
        return
      } catch (error) {
        if (isRefusal(error)) {
          Object.assign(attempt, { fate: 'refused', code: error.code })
          return
        }
        this.#repeats += 1
        await sleep(20)
      }
    }
  }

  /** One request, in a session that goes on over restarts of the host. */
  async #post(sender: Person, request: SendMessageJson): Promise<void> {
    const { network, from } = this.#options
    let session = this.#sessions.get(sender)
    if (session === undefined) {
      const expectedHostKey = identityKeySchema.parse(network.host(from).identityKey)
      const { transport } = network
      session = new HostSession({ wallet: sender.wallet, origin: this.#origin, expectedHostKey, transport })
      this.#sessions.set(sender, session)
    }
    const signal = AbortSignal.timeout(callTimeoutMs)
    const body = JSON.stringify(request)
    const answer = await session.call({ method: 'POST', path: '/sendMessage', body, signal })
    if (answer.status === 200) return
    const { code } = JSON.parse(Buffer.from(answer.body).toString('utf8')) as { code: string }
    throw new RelayClientError(code, code, { status: answer.status })
  }
}

function onlyRequest({ requests: [request] }: PreparedMessage): SendMessageJson {
  if (request === undefined) throw new Error('nothing was prepared')
  return request
}

function withoutEnvelope(prepared: PreparedMessage): SendMessageJson {
  const { recipients = [], messageBox, messageId = [], body } = onlyRequest(prepared).message
  return { message: { recipients, messageBox, messageId, body } }
}

/** Refused for good, by the host itself. */
function isRefusal(error: unknown): error is RelayClientError {
  return error instanceof RelayClientError && error.status !== null && !error.isTemporary
}
