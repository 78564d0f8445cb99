import { X509Certificate } from 'node:crypto'
import http from 'node:http'
import https from 'node:https'
import { isIP } from 'node:net'
import { createSecureContext, rootCertificates } from 'node:tls'
import { dnsAddresses, outgoingGuard, type OutgoingGuard } from './outgoing-guard.ts'
import type { OutgoingPolicy, OutgoingTarget, ResolveAddresses } from './outgoing-guard.ts'
import { AnswerTooLarge, type Transport, type TransportAnswer, type TransportRequest } from './transport.ts'

export interface NodeTransportOptions {
  /** Connections to one origin at once; more requests wait. Default 8. */
  readonly connectionsPerOrigin?: number
  /** Connections to all origins. Default 256. */
  readonly connections?: number
  /** How long an idle connection is kept. Default 15 s. */
  readonly idleMs?: number
  /** Certificates of a private authority, as PEM, believed besides the public ones. */
  readonly ca?: string
}

export interface GuardedTransportOptions extends NodeTransportOptions {
  readonly policy: OutgoingPolicy
  /** Default: {@link dnsAddresses}. */
  readonly resolve?: ResolveAddresses
  /** How long any request may take, whatever its own signal allows. Default 5 min. */
  readonly mostMs?: number
  /** How many bytes any answer may have, whatever its request allows. Default 16 MiB. */
  readonly mostAnswerBytes?: number
}

/** A {@link Transport} on Node's agents, which keep connections open. Close it to let the process end at once. */
export interface NodeTransport extends Transport {
  /** Closes the connections; requests under way fail. */
  close(): void
}

interface Bounds {
  readonly guard: OutgoingGuard | null
  readonly mostMs: number | null
  readonly mostAnswerBytes: number
}

/**
 * Makes a {@link NodeTransport} for addresses that the operator chose. It asks for no compression and follows no redirect.
 * @throws {Error} when `ca` holds no certificate
 */
export function nodeTransport(options: NodeTransportOptions = {}): NodeTransport {
  return agentTransport(options, { guard: null, mostMs: null, mostAnswerBytes: Infinity })
}

/**
 * Makes a {@link NodeTransport} for addresses that others chose: see {@link outgoingGuard}, and docs/decisions/0013. A connection
 * goes to an address that was checked for it, and stays there as long as it is kept.
 * @throws {OutgoingRefused} from requests, before anything is connected to
 */
export function guardedTransport(options: GuardedTransportOptions): NodeTransport {
  const { policy, resolve = dnsAddresses(), mostMs = 300_000, mostAnswerBytes = 16 * 1024 * 1024, ...rest } = options
  const transport = agentTransport(rest, { guard: outgoingGuard(policy, resolve), mostMs, mostAnswerBytes })
  return Object.assign((request: TransportRequest) => transport(request), {
    close() {
      transport.close()
      resolve.cancel?.()
    },
  })
}

function agentTransport(
  { connectionsPerOrigin = 8, connections = 256, idleMs = 15_000, ca }: NodeTransportOptions,
  { guard, mostMs, mostAnswerBytes }: Bounds,
): NodeTransport {
  const options = { keepAlive: true, maxSockets: connectionsPerOrigin, maxTotalSockets: connections, timeout: idleMs }
  // With the agent, not the request: no connection of its can be made without.
  const resolving = (protocol: OutgoingTarget['protocol']) => (guard === null ? {} : { lookup: guard.lookup(protocol) })
  const plain = new http.Agent({ ...options, ...resolving('http:') })
  const secure = new https.Agent({
    ...options,
    ...resolving('https:'),
    // Said here, so that no environment variable of Node's says otherwise.
    rejectUnauthorized: true,
    secureContext: createSecureContext(ca === undefined ? {} : { ca: [...rootCertificates, ...certificatesOf(ca)] }),
  })

  const send = (request: TransportRequest) => {
    const { method, headers, body, signal } = request
    const maxAnswerBytes = Math.min(request.maxAnswerBytes, mostAnswerBytes)
    return new Promise<TransportAnswer>((resolve, reject) => {
      signal.throwIfAborted()
      const { protocol, hostname, port, path } = guard?.admit(request.url) ?? targetOf(request.url)
      const isPlain = protocol === 'http:'
      const outgoing = (isPlain ? http : https).request({
        protocol,
        hostname,
        port,
        path,
        method,
        headers: body === null ? headers : { ...headers, 'content-length': String(body.length) },
        agent: isPlain ? plain : secure,
        servername: isIP(hostname) === 0 ? hostname : '',
      })
      const end = mostMs === null ? undefined : setTimeout(() => fail(new Error(`no answer in ${mostMs} ms`)), mostMs)
      const settle = (done: () => void) => {
        clearTimeout(end)
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
        readAnswer(answer, maxAnswerBytes).then((read) => settle(() => resolve(read)), fail)
      })
      outgoing.end(body ?? undefined)
    })
  }

  return Object.assign(send, {
    close() {
      plain.destroy()
      secure.destroy()
    },
  })
}

function targetOf(url: string): OutgoingTarget {
  const { protocol, hostname, port, pathname, search } = new URL(url)
  if (protocol !== 'https:' && protocol !== 'http:') throw new TypeError(`${protocol} is not HTTP`)
  return {
    protocol,
    hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port),
    path: pathname + search,
  }
}

/** Node takes what is no certificate without a word, and then believes nobody. */
function certificatesOf(ca: string): string[] {
  const found = ca.match(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)
  if (found === null) throw new TypeError('The certificates of an authority hold none')
  return found.map((pem) => new X509Certificate(pem).toString())
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
