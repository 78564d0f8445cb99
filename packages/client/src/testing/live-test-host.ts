import { IdentityWallet, MutualAuth, type ConnectionAuth } from '@overpost/auth'
import type { WebSocketLike } from '../live-socket.ts'

/** One connection of a {@link LiveTestHost}, seen from the host. */
export class TestConnection extends EventTarget implements WebSocketLike {
  /** The events that came, by name. */
  readonly heard: string[] = []
  isClosed = false
  /** Called at each event that comes. */
  onEvent: (name: string) => void = () => undefined
  readonly #auth: ConnectionAuth

  constructor(auth: ConnectionAuth) {
    super()
    this.#auth = auth
    queueMicrotask(() => this.dispatchEvent(new Event('open')))
  }

  send(text: string): void {
    const input = this.#auth.receive(JSON.parse(text))
    if (input.kind === 'answer') this.#deliver(input.message)
    if (input.kind !== 'event') return
    this.heard.push(input.name)
    if (input.name === 'follow') this.push('following', {})
    this.onEvent(input.name)
  }

  /** Signs an event and hands it to the client. */
  push(name: string, data: unknown): void {
    this.#deliver(this.#auth.event(name, data))
  }

  close(): void {
    if (this.isClosed) return
    this.isClosed = true
    this.dispatchEvent(new Event('close'))
  }

  #deliver(message: object): void {
    queueMicrotask(() => this.dispatchEvent(Object.assign(new Event('message'), { data: JSON.stringify(message) })))
  }
}

/** The live door of a host in memory: it follows, and says no more than the test has it say. */
export class LiveTestHost {
  readonly connections: TestConnection[] = []
  /** Told of each new connection, by its number from 0. */
  onOpen: (connection: TestConnection, number: number) => void = () => undefined
  #auth: MutualAuth

  private constructor(auth: MutualAuth) {
    this.#auth = auth
  }

  static async start(privateKey: string): Promise<LiveTestHost> {
    return new LiveTestHost(await authOf(privateKey))
  }

  /** Another host answers from here on. */
  async become(privateKey: string): Promise<void> {
    this.#auth = await authOf(privateKey)
  }

  readonly open = (): WebSocketLike => {
    const connection = new TestConnection(this.#auth.connection())
    this.connections.push(connection)
    this.onOpen(connection, this.connections.length - 1)
    return connection
  }
}

async function authOf(privateKey: string): Promise<MutualAuth> {
  const sessions = { take: () => Promise.resolve(null), save: () => Promise.resolve() }
  const auth = new MutualAuth({ wallet: new IdentityWallet(privateKey), sessions })
  await auth.start()
  return auth
}
