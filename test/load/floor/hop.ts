import { Agent, request } from 'node:http'
import type { RequestListener } from 'node:http'
import type { FloorMessage, OutboxTable } from './database.ts'
import type { GroupCommit } from './group-commit.ts'
import { answerJson, readBody } from './http.ts'
import { verify } from './signatures.ts'

const BATCH = 100

interface Row extends FloorMessage {
  readonly id: number
}

/** The sending side: what is durable here goes to `homeUrl`, up to 100 at a time, one call in flight, and goes when taken. */
export class Hop {
  readonly #waiting: Row[] = []
  readonly #agent = new Agent({ keepAlive: true })
  readonly #homeUrl: string
  readonly #outbox: OutboxTable
  readonly #commit: GroupCommit
  #inFlight = false

  constructor(homeUrl: string, outbox: OutboxTable, commit: GroupCommit) {
    this.#homeUrl = homeUrl
    this.#outbox = outbox
    this.#commit = commit
  }

  /** Takes on a message that is in the outbox, durably, under `id`. */
  add(id: number, message: FloorMessage): void {
    this.#waiting.push({ id, ...message })
    if (this.#waiting.length === 1) setImmediate(() => this.#send())
  }

  #send(): void {
    if (this.#inFlight || this.#waiting.length === 0) return
    this.#inFlight = true
    const rows = this.#waiting.splice(0, BATCH)
    const text = JSON.stringify(rows.map(({ sender, signature, body }) => ({ sender, signature, body })))
    const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }
    const call = request(`${this.#homeUrl}/batch`, { method: 'POST', agent: this.#agent, headers }, (answer) => {
      readBody(answer, (bytes) => this.#settle(rows, JSON.parse(bytes.toString()) as { results: boolean[] }))
    })
    call.end(text)
  }

  #settle(rows: readonly Row[], { results }: { results: boolean[] }): void {
    const taken = rows.filter((_, at) => results[at])
    if (taken.length !== rows.length) throw new Error('The second process refused a message')
    this.#commit.add(
      () => taken.forEach(({ id }) => this.#outbox.remove(id)),
      () => undefined,
    )
    this.#inFlight = false
    this.#send()
  }
}

/** The receiving side: checks every sender's signature, keeps the good ones in one transaction, then answers for each. */
export function takeBatches(keep: (message: FloorMessage) => void, commit: GroupCommit): RequestListener {
  return (incoming, response) => {
    readBody(incoming, (bytes) => {
      const messages = JSON.parse(bytes.toString()) as FloorMessage[]
      const results = messages.map(({ body, signature, sender }) => verify(body, signature, sender))
      commit.add(
        () => messages.forEach((message, at) => results[at] && keep(message)),
        () => answerJson(response, 200, JSON.stringify({ status: 'success', results })),
      )
    })
  }
}
