import type { IncomingMessage } from 'node:http'
import type { CallerLimits } from '../../http/caller-limits.ts'
import { LiveConnection, type LiveDeps } from './live-connection.ts'
import { closeCodes, type LiveLink } from './live-link.ts'

export interface LiveHubDeps extends Omit<LiveDeps, 'callerLimits'> {
  readonly callerLimits: Pick<CallerLimits, 'takeMessage' | 'takeConnection'>
  readonly limits: LiveDeps['limits'] & { readonly connections: number }
  /** Whether a proxy in front says whose address it is. */
  readonly trustProxy: boolean
  /** Told how many there are. */
  readonly counted: (connections: number) => void
}

/** All live connections of a host, whatever carries them. */
export class LiveHub implements Disposable {
  readonly #deps: LiveHubDeps
  readonly #open = new Set<LiveConnection>()
  #isClosed = false

  constructor(deps: LiveHubDeps) {
    this.#deps = deps
  }

  /** The status with which a new connection is refused; null when it may come. Costs its address a call. */
  refusal(request: IncomingMessage): 429 | 503 | null {
    if (this.#isClosed || this.#open.size >= this.#deps.limits.connections) return 503
    return this.#deps.callerLimits.takeConnection(this.#addressOf(request)) > 0 ? 429 : null
  }

  /** Takes a connection over. Its carrier tells it what comes, and when it ends. */
  open(link: LiveLink): { receive(message: unknown, bytes: number): void; closed(): void } {
    const connection = new LiveConnection(link, this.#deps)
    this.#open.add(connection)
    this.#deps.counted(this.#open.size)
    return {
      receive: (message, bytes) => connection.receive(message, bytes),
      closed: () => {
        connection.closed()
        if (this.#open.delete(connection)) this.#deps.counted(this.#open.size)
      },
    }
  }

  /** Ends all, and takes no more. */
  [Symbol.dispose](): void {
    this.#isClosed = true
    for (const connection of this.#open) connection.cut(closeCodes.goingAway, 'This host is about to stop.')
  }

  #addressOf({ headers, socket }: IncomingMessage): string {
    const forwarded = headers['x-forwarded-for']
    const last =
      this.#deps.trustProxy && typeof forwarded === 'string' ? forwarded.split(',').at(-1)?.trim() : undefined
    return last ?? socket.remoteAddress ?? ''
  }
}
