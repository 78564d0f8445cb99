import { SessionError } from '@overpost/auth/session'

/** What of a WebSocket is used: the browser's, Node's own (22 and later) and that of the package `ws` have it. */
export interface WebSocketLike {
  addEventListener(type: 'open' | 'message' | 'close' | 'error', listener: (event: object) => void): void
  send(text: string): void
  close(): void
}

/** Opens a WebSocket: `(url) => new WebSocket(url)`. */
export type OpenWebSocket = (url: string) => WebSocketLike

/** The platform's own; null where there is none, as in Node 20. */
export function platformWebSocket(): OpenWebSocket | null {
  const { WebSocket: Platform } = globalThis as { WebSocket?: new (url: string) => WebSocketLike }
  return Platform === undefined ? null : (url) => new Platform(url)
}

/** What may wait for a reader, in characters; then the connection is ended, and what is missed is asked for again. */
const mostWaiting = 16 * 1024 * 1024

/** The texts that come over a WebSocket, one at a time. */
export class LiveSocket {
  readonly #socket: WebSocketLike
  readonly #texts: string[] = []
  readonly #signal: AbortSignal
  #waiting = 0
  #hasEnded = false
  #wake: () => void = () => undefined
  #hasHeard = false

  private constructor(socket: WebSocketLike, signal: AbortSignal) {
    this.#socket = socket
    this.#signal = signal
    socket.addEventListener('open', () => this.#wake())
    socket.addEventListener('message', (event) => this.#take((event as { readonly data?: unknown }).data))
    socket.addEventListener('close', this.#end)
    socket.addEventListener('error', this.#end)
    signal.addEventListener('abort', this.#end, { once: true })
    if (signal.aborted) this.#end()
  }

  /** Null when it cannot be opened. Ends when `signal` aborts. */
  static async open(socket: WebSocketLike, signal: AbortSignal): Promise<LiveSocket | null> {
    const live = new LiveSocket(socket, signal)
    if (!live.#hasEnded) await new Promise<void>((resolve) => (live.#wake = resolve))
    return live.#hasEnded ? null : live
  }

  /** Whether anything came since this was asked last. */
  hasHeard(): boolean {
    const had = this.#hasHeard
    this.#hasHeard = false
    return had
  }

  send(text: string): void {
    if (!this.#hasEnded) this.#socket.send(text)
  }

  /** The next text. @throws {SessionError} `unreachable`, when the connection has ended and all was read */
  async next(): Promise<string> {
    for (;;) {
      const text = this.#texts.shift()
      if (text !== undefined) {
        this.#waiting -= text.length
        return text
      }
      if (this.#hasEnded) throw new SessionError('unreachable', 'The connection has ended')
      await new Promise<void>((resolve) => (this.#wake = resolve))
    }
  }

  #take(data: unknown): void {
    if (typeof data !== 'string') {
      this.#end()
      return
    }
    this.#hasHeard = true
    this.#texts.push(data)
    this.#waiting += data.length
    if (this.#waiting > mostWaiting) this.#end()
    this.#wake()
  }

  readonly #end = (): void => {
    if (!this.#hasEnded) {
      this.#hasEnded = true
      this.#signal.removeEventListener('abort', this.#end)
      this.#socket.close()
    }
    this.#wake()
  }
}
