import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import { Server, type Socket } from 'engine.io'
import { Decoder, Encoder, PacketType, type Packet } from 'socket.io-parser'
import type { LiveHub } from './live-hub.ts'
import type { LiveLink } from './live-link.ts'

export interface SocketIoOptions {
  readonly hub: Pick<LiveHub, 'open' | 'refusal'>
  /** Of one message. */
  readonly frameBytes: number
  readonly pingMs: number
}

/** The default path of socket.io, which the official client uses. */
export const socketIoPath = '/socket.io/'
const authEvent = 'authMessage'
const encoder = new Encoder()

/**
 * What the official client speaks: socket.io over polling, then a WebSocket, and in it the event `authMessage` and no other
 * (relay-http.md section 4). Of socket.io there is the transport, and of its protocol what one namespace without rooms,
 * acknowledgements and attachments needs: that way each message tells when the network has taken it.
 */
export class SocketIo implements Disposable {
  readonly #options: SocketIoOptions
  readonly #server: Server

  constructor(options: SocketIoOptions) {
    this.#options = options
    this.#server = new Server({
      maxHttpBufferSize: options.frameBytes,
      pingInterval: options.pingMs,
      httpCompression: false,
      cors: { origin: '*' },
      allowRequest: (request, answer) => {
        // Each poll is a request of its own; only the first opens something.
        const isFirst = !new URL(request.url ?? '/', 'http://host').searchParams.has('sid')
        const isRefused = isFirst && options.hub.refusal(request) !== null
        answer(isRefused ? 'too many connections' : null, !isRefused)
      },
    })
    this.#server.on('connection', (socket: Socket) => this.#open(socket))
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    this.#server.handleRequest(request, response)
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head)
  }

  [Symbol.dispose](): void {
    this.#server.close()
  }

  #open(socket: Socket): void {
    const link = linkOf(socket)
    const connection = this.#options.hub.open(link)
    const decoder = new Decoder({ maxAttachments: 0 })
    let bytes = 0
    decoder.on('decoded', (packet: Packet) => {
      if (packet.nsp !== '/') return
      if (packet.type === PacketType.CONNECT) {
        void link.write({ type: PacketType.CONNECT, nsp: '/', data: { sid: randomUUID() } }).catch(() => undefined)
      } else if (packet.type === PacketType.DISCONNECT) {
        socket.close(true)
      } else if (packet.type === PacketType.EVENT) {
        const [event, message] = packet.data as unknown[]
        if (event === authEvent) connection.receive(message, bytes)
      }
    })
    socket.on('message', (data: string | Buffer) => {
      bytes = data.length
      try {
        decoder.add(data)
      } catch {
        socket.close(true)
      }
    })
    socket.on('close', () => {
      decoder.destroy()
      connection.closed()
    })
  }
}

function linkOf(socket: Socket): LiveLink & { write(packet: Packet): Promise<void> } {
  let waitingBytes = 0
  const write = (packet: Packet): Promise<void> =>
    new Promise((resolve, reject) => {
      const text = encoder.encode(packet)[0] as string
      const gone = (): void => reject(new Error('the connection is gone'))
      if (socket.readyState !== 'open') {
        gone()
        return
      }
      waitingBytes += text.length
      socket.once('close', gone)
      socket.send(text, {}, () => {
        waitingBytes -= text.length
        socket.off('close', gone)
        resolve()
      })
    })
  return {
    write,
    send: (message) => write({ type: PacketType.EVENT, nsp: '/', data: [authEvent, message] }),
    get waitingBytes() {
      return waitingBytes
    },
    close: () => socket.close(true),
  }
}
