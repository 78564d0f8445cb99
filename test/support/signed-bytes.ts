import { once } from 'node:events'
import { connect } from 'node:net'
import { HostSession, nodeTransport, type IdentityWallet, type Transport, type TransportRequest } from '@overpost/auth'

/** What the capturing transport rejects with: the session has then nothing to verify. */
class Captured extends Error {}

/**
 * A session that signs requests and hands out their bytes instead of sending them. Only its handshake goes over the network,
 * with the first request.
 */
export class SigningSession {
  readonly #session: HostSession
  #captured: TransportRequest | null = null

  constructor(wallet: IdentityWallet, origin: string) {
    const handshakes = nodeTransport()
    const transport: Transport = async (request) => {
      if (request.url.endsWith('/.well-known/auth')) {
        return await handshakes(request).finally(() => handshakes.close())
      }
      this.#captured = request
      throw new Captured()
    }
    this.#session = new HostSession({ wallet, origin, expectedHostKey: null, transport })
  }

  /** The whole HTTP request, on a connection that closes after it. One call at a time. */
  post(path: string, body: unknown): Promise<Buffer> {
    return this.postText(path, JSON.stringify(body))
  }

  /** The same, of a body that need not be JSON. */
  async postText(path: string, body: string): Promise<Buffer> {
    const signal = AbortSignal.timeout(10_000)
    await this.#session.call({ method: 'POST', path, body, signal }).catch((error: unknown) => {
      if (this.#captured === null) throw error
    })
    const { url, headers, body: bytes } = this.#captured!
    this.#captured = null
    return httpRequest(url, headers, bytes ?? new Uint8Array(0))
  }
}

/** The bytes of a POST, on a connection that closes after it. */
export function httpRequest(url: string, headers: Readonly<Record<string, string>>, body: Uint8Array): Buffer {
  const { host, pathname } = new URL(url)
  const lines = Object.entries({ host, connection: 'close', 'content-length': String(body.length), ...headers })
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return Buffer.concat([Buffer.from(`POST ${pathname} HTTP/1.1\r\n${head}\r\n`, 'latin1'), body])
}

/** Sends these very bytes, and gives the status and the body of the answer. */
export async function sendBytes(origin: string, bytes: Buffer): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(origin)
  const socket = connect(Number(port), hostname)
  const chunks: Buffer[] = []
  socket.on('data', (chunk: Buffer) => chunks.push(chunk))
  socket.write(bytes)
  await once(socket, 'close')
  const answer = Buffer.concat(chunks).toString('utf8')
  const split = answer.indexOf('\r\n\r\n')
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(answer)?.[1]), body: answer.slice(split + 4) }
}
