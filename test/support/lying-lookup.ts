import { once } from 'node:events'
import { createServer, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Beef, Transaction } from '@bsv/sdk'

/** An output as a lookup answers it (BRC-24). */
export interface ShownOutput {
  readonly beef: number[]
  readonly outputIndex: number
  /** Our overlay nodes put the transaction that spends it here. */
  readonly context?: number[]
}

/** What a node does with a question: shows outputs, keeps still (null), answers a status, a text, or writes what it likes. */
export type Reply = readonly ShownOutput[] | number | string | null | ((response: ServerResponse) => void)

/** A lookup node that answers what the test says, for each user. */
export class LyingLookup implements AsyncDisposable {
  readonly url: string
  /** The users that it was asked for, in order. */
  readonly asked: string[] = []
  reply: (user: string) => Reply | Promise<Reply> = () => []
  delayMs = 0
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  }

  static async start(): Promise<LyingLookup> {
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const lookup = new LyingLookup(server)
    server.on('request', (request, response) => {
      let text = ''
      request.setEncoding('utf8')
      request.on('data', (chunk: string) => (text += chunk))
      request.on('end', () => {
        if (request.url === '/lookup') void lookup.#answer(text, response)
        else response.writeHead(404).end('{}')
      })
    })
    return lookup
  }

  /** How often it was asked for a user. */
  asksFor(user: string): number {
    return this.asked.filter((asked) => asked === user).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await once(this.#server.close(), 'close')
  }

  async #answer(text: string, response: ServerResponse): Promise<void> {
    const { service, query } = JSON.parse(text) as { service: string; query: { recipient?: string; user?: string } }
    const user = query.recipient ?? query.user ?? ''
    if (service !== 'ls_phip') {
      response.writeHead(400).end('{}')
      return
    }
    this.asked.push(user)
    await sleep(this.delayMs)
    const reply = await this.reply(user)
    if (reply === null) return
    if (typeof reply === 'function') reply(response)
    else if (typeof reply === 'number') response.writeHead(reply).end('{}')
    else if (typeof reply === 'string') response.end(reply)
    else {
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ type: 'output-list', outputs: reply }))
    }
  }
}

/** Writes for as long as somebody reads. */
export function endlessly(response: ServerResponse): void {
  response.setHeader('content-type', 'application/octet-stream')
  const write = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(65_536, 1)));
  }
  response.on('drain', write)
  write()
}

/** A byte now and then, of an answer that would be good. */
export function inDrips(response: ServerResponse): void {
  const answer = '{"type":"output-list","outputs":[]}'
  let at = 0
  const timer = setInterval(() => response.write(answer.charAt(at++ % answer.length)), 200)
  response.on('close', () => clearInterval(timer))
}

/** The binary form of an answer (overlay.md section 2), with one BEEF for all; the outputs are repeated until there are `count`. */
export function aggregated(
  outputs: readonly ShownOutput[],
  count = outputs.length,
): (response: ServerResponse) => void {
  const beef = new Beef()
  const heads = outputs.map((output) => {
    beef.mergeBeef([...output.beef])
    const head = Buffer.alloc(36)
    head.write(Transaction.fromBEEF([...output.beef]).id('hex'), 'hex')
    head.writeUInt8(0xfd, 32)
    head.writeUInt16LE(output.outputIndex, 33)
    return head
  })
  const size = Buffer.of(0xfd, count & 0xff, count >> 8)
  const all = Array.from({ length: count }, (_, index) => heads[index % heads.length] ?? Buffer.alloc(36))
  const body = Buffer.concat([size, ...all, Buffer.from(beef.toBinary())])
  return (response) => void response.setHeader('content-type', 'application/octet-stream').end(body)
}
