import http from 'node:http'
import https from 'node:https'
import type { LookupFunction } from 'node:net'
import { AnswerTooLarge, type Transport, type TransportAnswer, type TransportRequest } from './transport.ts'

export interface NodeTransportOptions {
  /** Connections to one origin at once; more requests wait. Default 8. */
  readonly connectionsPerOrigin?: number
  /** Connections to all origins. Default 256. */
  readonly connections?: number
  /** How long an idle connection is kept. Default 15 s. */
  readonly idleMs?: number
  /** Resolves host names, so that addresses can be refused; not asked for literal addresses. */
  readonly lookup?: LookupFunction
}

/** A {@link Transport} on Node's agents, which keep connections open. Close it to let the process end at once. */
export interface NodeTransport extends Transport {
  /** Closes the connections; requests under way fail. */
  close(): void
}

/** Makes a {@link NodeTransport}. It asks for no compression and follows no redirect. */
export function nodeTransport({
  connectionsPerOrigin = 8,
  connections = 256,
  idleMs = 15_000,
  lookup,
}: NodeTransportOptions = {}): NodeTransport {
  const options = { keepAlive: true, maxSockets: connectionsPerOrigin, maxTotalSockets: connections, timeout: idleMs }
  const plain = new http.Agent(options)
  const secure = new https.Agent(options)

  const send = (request: TransportRequest) => {
    const { method, url, headers, body, signal } = request
    return new Promise<TransportAnswer>((resolve, reject) => {
      const isPlain = url.startsWith('http:')
      const outgoing = (isPlain ? http : https).request(url, {
        method,
        headers: body === null ? headers : { ...headers, 'content-length': String(body.length) },
        agent: isPlain ? plain : secure,
        ...(lookup === undefined ? {} : { lookup }),
      })
      const settle = (done: () => void) => {
        signal.removeEventListener('abort', onAbort)
        done()
      }
      const fail = (error: Error) => {
        outgoing.destroy()
        settle(() => reject(error))
      }
      const onAbort = () => fail(signal.reason as Error)
      signal.addEventListener('abort', onAbort, { once: true })
      outgoing.on('error', fail)
      outgoing.on('response', (answer) => {
        readAnswer(answer, request.maxAnswerBytes).then((read) => settle(() => resolve(read)), fail)
      })
      outgoing.end(body ?? undefined)
      if (signal.aborted) onAbort()
    })
  }

  return Object.assign(send, {
    close() {
      plain.destroy()
      secure.destroy()
    },
  })
}

function readAnswer(answer: http.IncomingMessage, maxAnswerBytes: number): Promise<TransportAnswer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let length = 0
    if (Number(answer.headers['content-length'] ?? 0) > maxAnswerBytes) {
      // To HEAD it is only said, not sent; nobody needs to say so much.
      reject(new AnswerTooLarge(maxAnswerBytes))
      return
    }
    answer.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length > maxAnswerBytes) reject(new AnswerTooLarge(maxAnswerBytes))
      else chunks.push(chunk)
    })
    answer.on('error', reject)
    answer.on('close', () => {
      if (!answer.complete) reject(new Error('The answer ended before its end'))
    })
    answer.on('end', () => {
      const body = chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, length)
      resolve({ status: answer.statusCode ?? 0, headers: joined(answer.headers), body })
    })
  })
}

function joined(headers: http.IncomingHttpHeaders): Record<string, string> {
  const flat: Record<string, string> = {}
  for (const name in headers) {
    const value = headers[name]
    if (value !== undefined) flat[name] = typeof value === 'string' ? value : value.join(', ')
  }
  return flat
}
