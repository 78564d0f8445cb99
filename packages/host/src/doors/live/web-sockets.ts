import { STATUS_CODES, type IncomingMessage } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocketServer, type RawData, type WebSocket } from 'ws'
import type { LiveHub } from './live-hub.ts'
import { closeCodes, type LiveLink } from './live-link.ts'

export interface WebSocketsOptions {
  readonly hub: Pick<LiveHub, 'open' | 'refusal'>
  /** Of one frame. */
  readonly frameBytes: number
  /** Whoever does not answer a ping until the next is gone. */
  readonly pingMs: number
}

/** Plain WebSockets (docs/specs/live.md): a text frame is an AuthMessage as JSON. */
export class WebSockets implements Disposable {
  readonly #options: WebSocketsOptions
  readonly #server: WebSocketServer
  readonly #pings: NodeJS.Timeout
  readonly #silent = new WeakSet<WebSocket>()

  constructor(options: WebSocketsOptions) {
    this.#options = options
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: options.frameBytes,
      perMessageDeflate: false,
      skipUTF8Validation: false,
    })
    this.#pings = setInterval(() => this.#ping(), options.pingMs).unref()
  }

  /** Makes a WebSocket of a request for one. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const status = this.#options.hub.refusal(request)
    if (status !== null) {
      socket.end(`HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
      return
    }
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#open(webSocket))
  }

  [Symbol.dispose](): void {
    clearInterval(this.#pings)
    for (const webSocket of this.#server.clients) webSocket.terminate()
    this.#server.close()
  }

  #open(webSocket: WebSocket): void {
    const connection = this.#options.hub.open(linkOf(webSocket))
    webSocket.on('message', (data: RawData, isBinary: boolean) => {
      const message = isBinary ? undefined : parse(data as Buffer)
      if (message === undefined) webSocket.close(closeCodes.invalid, 'A message must be JSON text.')
      else connection.receive(message, (data as Buffer).length)
    })
    webSocket.on('pong', () => this.#silent.delete(webSocket))
    webSocket.on('error', () => undefined) // `close` follows.
    webSocket.on('close', () => connection.closed())
  }

  #ping(): void {
    for (const webSocket of this.#server.clients) {
      if (this.#silent.has(webSocket)) {
        webSocket.terminate()
        continue
      }
      this.#silent.add(webSocket)
      webSocket.ping()
    }
  }
}

/** How long the other end has to answer a farewell. */
const farewellMs = 1_000

function linkOf(webSocket: WebSocket): LiveLink {
  return {
    send: (message) =>
      new Promise((resolve, reject) => {
        webSocket.send(JSON.stringify(message), (error) => {
          if (error == null) resolve()
          else reject(error)
        })
      }),
    get waitingBytes() {
      return webSocket.bufferedAmount
    },
    close(code, reason) {
      if (webSocket.bufferedAmount > 0) {
        // It would hear no farewell before what it does not read.
        webSocket.terminate()
        return
      }
      webSocket.close(code, reason.slice(0, 100))
      setTimeout(() => webSocket.terminate(), farewellMs).unref()
    },
  }
}

function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString('utf8')) as unknown
  } catch {
    return undefined
  }
}
