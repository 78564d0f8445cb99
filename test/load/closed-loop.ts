import { connect, type Socket } from 'node:net'
import { AnswerReader, type RawAnswer } from './answer-reader.ts'

export interface LoopResult {
  /** From the first request's start to the last answer. */
  readonly seconds: number
  /** Of each request, in the order of the answers. */
  readonly latenciesMs: readonly number[]
}

/**
 * Sends the requests over `connections` sockets, each of which sends its next request when it has the answer to its last.
 * Request number n goes over socket n mod `connections`. The requests are bytes made beforehand and answers are only looked
 * at for status 200, so that the load costs little beside the server's work.
 * @throws {Error} at the first answer that is not 200, or a socket that closes
 */
export async function closedLoop(
  origin: string,
  requests: readonly Buffer[],
  connections: number,
): Promise<LoopResult> {
  await using pool = await openConnections(origin, Math.min(connections, requests.length))
  const latenciesMs: number[] = []
  const startedAt = performance.now()
  await Promise.all(
    pool.connections.map(async (connection, first) => {
      for (let at = first; at < requests.length; at += pool.connections.length) {
        const sentAt = performance.now()
        const answer = await connection.call(requests[at]!)
        latenciesMs.push(performance.now() - sentAt)
        if (answer.status !== 200) throw new Error(`${origin} answered ${answer.status}: ${answer.body.toString()}`)
      }
    }),
  )
  return { seconds: (performance.now() - startedAt) / 1000, latenciesMs }
}

/** One socket that carries one request at a time. */
export class Connection {
  readonly #socket: Socket
  readonly #reader = new AnswerReader()
  #waiting: { resolve: (answer: RawAnswer) => void; reject: (error: Error) => void } | null = null

  constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.on('data', (chunk) => {
      const answer = this.#reader.push(chunk)
      if (answer !== null) this.#end()?.resolve(answer)
    })
    socket.on('error', (error) => this.#end()?.reject(error))
    socket.on('close', () => this.#end()?.reject(new Error('The server closed the connection')))
  }

  call(request: Buffer): Promise<RawAnswer> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject }
      this.#socket.write(request)
    })
  }

  close(): void {
    this.#socket.destroy()
  }

  #end() {
    const waiting = this.#waiting
    this.#waiting = null
    return waiting
  }
}

export async function openConnection(origin: string): Promise<Connection> {
  const { hostname, port } = new URL(origin)
  const socket = connect({ host: hostname, port: Number(port) })
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  return new Connection(socket)
}

async function openConnections(origin: string, count: number) {
  const connections = await Promise.all(Array.from({ length: count }, () => openConnection(origin)))
  return {
    connections,
    [Symbol.asyncDispose]: () => {
      for (const connection of connections) connection.close()
      return Promise.resolve()
    },
  }
}
