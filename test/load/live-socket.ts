import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import type { IdentityWallet } from '@overpost/auth'
import { WebSocket } from 'ws'

interface Frame {
  readonly messageType: string
  readonly identityKey: string
  readonly initialNonce?: string
  readonly payload?: number[]
}

/** A client of `/live` that signs natively, so that a benchmark's own work is small. It checks no signatures. */
export class LiveSocket {
  readonly #socket: WebSocket
  readonly #wallet: IdentityWallet
  #host: { key: string; nonce: string } | null = null
  /** Told of every event that comes. */
  onEvent: (name: string, data: unknown) => void = () => undefined

  private constructor(socket: WebSocket, wallet: IdentityWallet) {
    this.#socket = socket
    this.#wallet = wallet
  }

  /** Connects, shakes hands and follows `box` from now on. */
  static async follow(origin: string, wallet: IdentityWallet, box: string): Promise<LiveSocket> {
    const socket = new WebSocket(`${origin.replace('http', 'ws')}/live`, { perMessageDeflate: false })
    const live = new LiveSocket(socket, wallet)
    await once(socket, 'open')
    const answered = once(socket, 'message')
    const { identityKey } = wallet
    const initialNonce = randomBytes(48).toString('base64')
    socket.send(JSON.stringify({ version: '0.1', messageType: 'initialRequest', identityKey, initialNonce }))
    const answer = parse((await answered)[0] as Buffer)
    live.#host = { key: answer.identityKey, nonce: answer.initialNonce! }
    const following = once(socket, 'message')
    await live.emit('follow', { messageBox: box, from: 'now' })
    await following
    socket.on('message', (data: Buffer) => {
      const { eventName, data: content } = JSON.parse(Buffer.from(parse(data).payload!).toString('utf8')) as {
        eventName: string
        data: unknown
      }
      live.onEvent(eventName, content)
    })
    return live
  }

  async emit(eventName: string, data: unknown): Promise<void> {
    this.send(await this.frame(eventName, data))
  }

  send(frame: string): void {
    this.#socket.send(frame)
  }

  /** An event, signed for this connection; good once. */
  async frame(eventName: string, data: unknown): Promise<string> {
    const { key, nonce: yourNonce } = this.#host!
    const payload = Array.from(Buffer.from(JSON.stringify({ eventName, data })))
    const nonce = randomBytes(32).toString('base64')
    const { signature } = await this.#wallet.createSignature({
      protocolID: [2, 'auth message signature'],
      keyID: `${nonce} ${yourNonce}`,
      counterparty: key,
      data: payload,
    })
    const { identityKey } = this.#wallet
    return JSON.stringify({
      ...{ version: '0.1', messageType: 'general', identityKey, nonce, yourNonce, payload, signature },
    })
  }

  close(): void {
    this.#socket.terminate()
  }
}

function parse(data: Buffer): Frame {
  return JSON.parse(data.toString('utf8')) as Frame
}
