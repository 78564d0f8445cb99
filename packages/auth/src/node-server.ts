import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer as createPlainServer, type RequestListener, type Server, type ServerOptions } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { Socket } from 'node:net'
import { createSecureContext, type TLSSocket } from 'node:tls'

/** A certificate and its key, as files that may change while they are served. */
export interface TlsFiles {
  /** The certificate and those between it and its authority: a PEM file. */
  readonly cert: string
  /** The private key: a PEM file. */
  readonly key: string
  /** How often the files are compared with what is served. Default 10 s. */
  readonly everyMs?: number
  /** A new certificate is served from now on; connections that are open go on. */
  readonly reloaded?: () => void
  /** The files changed, and cannot be used; said once for each change. The old certificate is served on. */
  readonly reloadFailed?: (error: Error) => void
}

export interface NodeServer extends Disposable {
  readonly scheme: 'http' | 'https'
  /** Not listening yet. */
  readonly server: Server
  /** Hangs up on those who have not finished a TLS handshake: they have asked for nothing, and HTTP does not know of them. */
  closeHandshakes(): void
}

const handshakeMs = 15_000
const everyMsDefault = 10_000

/**
 * An HTTP server, or with `tls` an HTTPS server. Disposing ends the watch over the files, not the server.
 * @throws {Error} when the files cannot be read, or are no certificate with its key
 */
export function nodeServer(options: ServerOptions, tls: TlsFiles | null, listener?: RequestListener): NodeServer {
  if (tls === null) {
    const server = createPlainServer(options, listener)
    return { scheme: 'http', server, closeHandshakes: () => undefined, [Symbol.dispose]: () => undefined }
  }
  let served = read(tls)
  checkPair(served)
  const server = createSecureServer({ ...options, ...served, handshakeTimeout: handshakeMs }, listener)
  const handshakes = new Map<string, Socket>()
  server.on('connection', (socket: Socket) => {
    const name = peerOf(socket)
    handshakes.set(name, socket)
    socket.once('close', () => {
      if (handshakes.get(name) === socket) handshakes.delete(name)
    })
  })
  server.on('secureConnection', (socket: TLSSocket) => handshakes.delete(peerOf(socket)))

  let refused = ''
  const watch = setInterval(() => {
    let found: Pair | null = null
    try {
      found = read(tls)
      if (found.cert === served.cert && found.key === served.key) return
      checkPair(found)
      server.setSecureContext(found)
      served = found
      refused = ''
      tls.reloaded?.()
    } catch (error) {
      // Written in two steps, it may be whole the next time.
      const now = found === null ? 'unreadable' : found.cert + found.key
      if (now === refused) return
      refused = now
      tls.reloadFailed?.(error as Error)
    }
  }, tls.everyMs ?? everyMsDefault).unref()

  return {
    scheme: 'https',
    server,
    closeHandshakes() {
      for (const socket of handshakes.values()) socket.destroy()
    },
    [Symbol.dispose]: () => clearInterval(watch),
  }
}

interface Pair {
  readonly cert: string
  readonly key: string
}

/** By their content: files behind links, as certificate programs keep them, have no time of their own. */
function read({ cert, key }: TlsFiles): Pair {
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') }
}

/** More than a server asks for, which takes an empty file for no certificate, and then fails each handshake. */
function checkPair({ cert, key }: Pair): void {
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new Error("tls.key is not the key of tls.cert's first certificate")
  }
  createSecureContext({ cert, key })
}

/** A TLS socket does not tell which socket it is on; its other end does. */
function peerOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return `${remotePort} ${remoteAddress}`
}
