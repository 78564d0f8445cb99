import { once } from 'node:events'
import { Peer, PrivateKey, ProtoWallet, type AuthMessage, type Transport, type WalletInterface } from '@bsv/sdk'
import { WebSocket } from 'ws'

export interface LiveEventData {
  readonly name: string
  readonly data: Record<string, unknown>
}

/** A client of `/live` on the SDK's own Peer. */
export class LiveClient implements Disposable {
  readonly socket: WebSocket
  /** The SDK's messages that came and went. */
  readonly came: AuthMessage[] = []
  readonly went: AuthMessage[] = []
  readonly events: LiveEventData[] = []
  readonly #peer: Peer
  readonly #opened: Promise<unknown>
  #wake: () => void = () => undefined
  #closed: { code: number } | null = null

  /** `digits` are two hexadecimal digits of the key, repeated. */
  constructor(origin: string, digits: string) {
    this.socket = new WebSocket(`${origin.replace('http', 'ws')}/live`, { perMessageDeflate: false })
    this.#opened = once(this.socket, 'open')
    this.#opened.catch(() => undefined)
    this.socket.on('error', () => undefined)
    this.socket.on('close', (code) => {
      this.#closed = { code }
      this.#wake()
    })
    const transport: Transport = {
      send: async (message) => {
        await this.#opened
        this.went.push(message)
        this.socket.send(JSON.stringify(message))
      },
      onData: (callback) => {
        this.socket.on('message', (data: Buffer) => {
          const message = JSON.parse(data.toString('utf8')) as AuthMessage
          this.came.push(message)
          void callback(message)
        })
        return Promise.resolve()
      },
    }
    this.#peer = new Peer(
      new ProtoWallet(PrivateKey.fromHex(digits.repeat(32))) as unknown as WalletInterface,
      transport,
    )
    this.#peer.listenForGeneralMessages((_, payload) => {
      const { eventName, data } = JSON.parse(Buffer.from(payload).toString('utf8')) as {
        eventName: string
        data: Record<string, unknown>
      }
      this.events.push({ name: eventName, data })
      this.#wake()
    })
  }

  async emit(eventName: string, data: unknown): Promise<void> {
    await this.#peer.toPeer(Array.from(Buffer.from(JSON.stringify({ eventName, data }))))
  }

  /** The first event of that name that was not taken yet. */
  async next(name: string): Promise<Record<string, unknown>> {
    for (;;) {
      const at = this.events.findIndex((event) => event.name === name)
      const [event] = at < 0 ? [] : this.events.splice(at, 1)
      if (event !== undefined) return event.data
      if (this.#closed !== null) throw new Error(`closed with ${this.#closed.code} before ${name}`)
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  /** The code with which the connection ended. */
  async closed(): Promise<number> {
    while (this.#closed === null) await new Promise<void>((resolve) => (this.#wake = resolve))
    return this.#closed.code
  }

  [Symbol.dispose](): void {
    this.socket.terminate()
  }
}
