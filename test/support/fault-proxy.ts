import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Random } from '@overpost/core'
import { seededRandom } from '@overpost/core/testing'

export type Direction = 'toHost' | 'toCaller'

/** What befalls the bytes that go one way on a connection. */
export type Fault =
  /** Ends the connection, both ways, after so many bytes; `reset`: by RST. */
  | { readonly kind: 'cut' | 'reset'; readonly afterBytes: number }
  /** After so many bytes nothing goes through any more and nobody is told, nor of an end. */
  | { readonly kind: 'half-open'; readonly afterBytes: number }
  /** Holds all back until the link heals: one way of a partition. */
  | { readonly kind: 'held' }
  | { readonly kind: 'delay'; readonly meanMs: number; readonly jitterMs: number }
  /** So many bytes a second, and a part of the chunks wait for their repetition. */
  | {
      readonly kind: 'throttle'
      readonly bytesPerSecond: number
      readonly lossFraction: number
      readonly stallMs: number
    }
  /** An answer to such a request is dropped, and the connection ends: the request was taken, and nobody hears of it. */
  | { readonly kind: 'unheard'; readonly path: RegExp; readonly fraction: number }

/** The faults of one connection; asked for as it opens, and for each that is open when the faults change. */
export type FaultPlan = () => Partial<Record<Direction, Fault>>

interface Connection {
  readonly ends: Readonly<Record<Direction, Socket>>
  readonly lines: Readonly<Record<Direction, Line>>
  /** Of the request that was seen last. */
  path: string
}

/** One way of a connection. */
interface Line {
  fault: Fault | null
  passedBytes: number
  /** Half-open, and bytes were lost: for good. */
  isDead: boolean
  /** What came before has gone on, or is lost. */
  before: Promise<void>
  freeAtMs: number
  readonly random: Random
}

const healthy: FaultPlan = () => ({})
const pieceBytes = 1_400

/**
 * Stands between hosts: others reach a host by its address, and it does to their connections what it is told. Node's clients
 * do not pipeline, so an answer on a connection belongs to the last request.
 */
export class FaultProxy implements AsyncDisposable {
  readonly url: string
  /** Told of each answer at its first byte, before that is passed on. */
  onAnswer: ((path: string, status: number) => void) | null = null
  /** How often a fault did something: ended a connection, dropped, held or delayed a chunk. */
  strikes = 0
  readonly #server: Server
  readonly #targetPort: number
  readonly #random: Random
  readonly #open = new Set<Connection>()
  readonly #pauses = new Set<() => void>()
  #plan: FaultPlan = healthy
  #isDown = false
  /** What waits for the link to heal. */
  readonly #held = new Set<() => void>()

  private constructor(server: Server, targetPort: number, random: Random) {
    this.#server = server
    this.#targetPort = targetPort
    this.#random = random
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    server.on('connection', (caller) => this.#connected(caller))
  }

  /** `random`: for the faults that are a matter of chance. Each way of each connection draws for itself. */
  static async start(targetPort: number, random: Random): Promise<FaultProxy> {
    const server = createServer({ allowHalfOpen: true, noDelay: true })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new FaultProxy(server, targetPort, random)
  }

  /** From now on, also for what is open. */
  inflict(plan: FaultPlan): void {
    this.#plan = plan
    for (const connection of this.#open) {
      const faults = plan()
      for (const direction of ['toHost', 'toCaller'] as const) {
        const line = connection.lines[direction]
        if (!line.isDead) Object.assign(line, { fault: faults[direction] ?? null, passedBytes: 0 })
      }
    }
  }

  /** No fault any more. What was held goes on; what was lost stays lost, and who waits on such a connection waits in vain. */
  heal(): void {
    this.inflict(healthy)
    this.#isDown = false
    for (const release of this.#held) release()
    this.#held.clear()
  }

  /** Up and down in turn, half a period each, `periods` times; then up. Down: all connections are reset, new ones too. */
  async flap(periodMs: number, periods: number): Promise<void> {
    for (let half = 0; half < periods * 2; half += 1) {
      this.#isDown = half % 2 === 0
      if (this.#isDown) for (const connection of [...this.#open]) this.#end(connection, 'reset')
      await this.#pause(periodMs / 2)
    }
    this.#isDown = false
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const release of [...this.#pauses, ...this.#held]) release()
    for (const connection of [...this.#open]) end(connection, 'reset')
    await once(this.#server.close(), 'close')
  }

  #connected(caller: Socket): void {
    if (this.#isDown) {
      this.strikes += 1
      caller.on('error', () => undefined).resetAndDestroy()
      return
    }
    const host = connect({ port: this.#targetPort, host: '127.0.0.1', allowHalfOpen: true, noDelay: true })
    const faults = this.#plan()
    const line = (fault: Fault | undefined): Line => ({
      fault: fault ?? null,
      passedBytes: 0,
      isDead: false,
      before: Promise.resolve(),
      freeAtMs: 0,
      random: seededRandom(Math.floor(this.#random.fraction() * 2 ** 32)),
    })
    const connection: Connection = {
      ends: { toHost: host, toCaller: caller },
      lines: { toHost: line(faults.toHost), toCaller: line(faults.toCaller) },
      path: '',
    }
    this.#open.add(connection)
    this.#follow(connection, caller, 'toHost')
    this.#follow(connection, host, 'toCaller')
  }

  #follow(connection: Connection, source: Socket, direction: Direction): void {
    const line = connection.lines[direction]
    const then = (work: () => Promise<void> | void): void => {
      // What comes after the end of the connection leads nowhere.
      line.before = line.before.then(work).catch(() => undefined)
    }
    source.on('data', (chunk: Buffer) => {
      this.#look(connection, direction, chunk)
      const arrivedAtMs = performance.now()
      then(() => this.#pass(connection, direction, chunk, arrivedAtMs))
    })
    const isTold = (): boolean => line.fault?.kind !== 'half-open' && line.fault?.kind !== 'held'
    const tellEnd = (): void => {
      if (isTold()) connection.ends[direction].end()
    }
    source.on('end', () => then(tellEnd))
    source.on('error', () => isTold() && end(connection, 'reset'))
    source.on('close', () => {
      if (Object.values(connection.ends).every((socket) => socket.destroyed)) this.#open.delete(connection)
      else then(tellEnd)
    })
  }

  #look(connection: Connection, direction: Direction, chunk: Buffer): void {
    const head = chunk.subarray(0, 200).toString('latin1')
    if (direction === 'toHost') connection.path = /^[A-Z]+ (\S+) HTTP/.exec(head)?.[1] ?? connection.path
    const status = direction === 'toCaller' ? /^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] : undefined
    if (status !== undefined) this.onAnswer?.(connection.path, Number(status))
  }

  async #pass(connection: Connection, direction: Direction, chunk: Buffer, arrivedAtMs: number): Promise<void> {
    const line = connection.lines[direction]
    const sink = connection.ends[direction]
    const { fault } = line
    switch (fault?.kind) {
      case 'cut':
      case 'reset':
      case 'half-open': {
        sink.write(chunk.subarray(0, Math.max(0, fault.afterBytes - line.passedBytes)))
        line.passedBytes += chunk.length
        if (line.passedBytes < fault.afterBytes) return
        if (fault.kind !== 'half-open') this.#end(connection, fault.kind)
        else if (line.passedBytes > fault.afterBytes) this.#lost(line)
        return
      }
      case 'held':
        this.strikes += 1
        await new Promise<void>((resolve) => this.#held.add(resolve))
        break
      case 'delay': {
        this.strikes += 1
        const delayMs = fault.meanMs + (line.random.fraction() * 2 - 1) * fault.jitterMs
        line.freeAtMs = Math.max(line.freeAtMs, arrivedAtMs + delayMs)
        await this.#pause(line.freeAtMs - performance.now())
        break
      }
      case 'throttle':
        for (let at = 0; at < chunk.length; at += pieceBytes) {
          const piece = chunk.subarray(at, at + pieceBytes)
          const stallMs = line.random.fraction() < fault.lossFraction ? fault.stallMs : 0
          if (stallMs > 0) this.strikes += 1
          await this.#pause((piece.length / fault.bytesPerSecond) * 1000 + stallMs)
          sink.write(piece)
        }
        return
      case 'unheard':
        if (fault.path.test(connection.path) && line.random.fraction() < fault.fraction) {
          this.#end(connection, 'reset')
          return
        }
        break
      case undefined:
    }
    sink.write(chunk)
  }

  /** Ends early when the proxy does. */
  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer)
        this.#pauses.delete(end)
        resolve()
      }
      const timer = setTimeout(end, Math.max(0, ms))
      this.#pauses.add(end)
    })
  }

  #lost(line: Line): void {
    this.strikes += 1
    line.isDead = true
  }

  #end(connection: Connection, how: 'cut' | 'reset'): void {
    this.strikes += 1
    end(connection, how)
  }
}

/** A socket that has said its last word already cannot be reset any more: it goes at once. */
function end({ ends }: Connection, how: 'cut' | 'reset'): void {
  for (const socket of Object.values(ends)) {
    if (socket.destroyed) continue
    if (socket.writableEnded || socket.connecting) socket.destroy()
    else if (how === 'reset') socket.resetAndDestroy()
    else socket.destroySoon()
  }
}
