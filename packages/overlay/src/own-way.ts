import { isIP } from 'node:net'
import { fetchOver, guardedTransport } from '@overpost/auth'

/** How a node calls itself. */
export interface OwnWay {
  readonly url: string
  readonly fetch: typeof fetch
  close(): void
}

const bounds = { mostMs: 60_000, maxAnswerBytes: 64 * 1024 * 1024 }

/**
 * The way of a node that listens at `url` by TLS to itself: it connects there, not by way of its public address, which
 * a router need not lead back, and checks the certificate by its public name as others do.
 */
export function ownWay(url: string, { publicUrl, ca }: { publicUrl: string; ca: string | undefined }): OwnWay {
  const { hostname, port } = new URL(url)
  const bound = hostname.replace(/^\[|\]$/g, '')
  const address = bound === '0.0.0.0' ? '127.0.0.1' : bound === '::' ? '::1' : bound
  const own = new URL(publicUrl)
  own.port = port
  const transport = guardedTransport({
    policy: {
      development: false,
      exceptions: [
        { name: own.hostname.replace(/^\[|\]$/g, ''), network: `${address}/${isIP(address) === 6 ? 128 : 32}` },
      ],
    },
    resolve: () => Promise.resolve([address]),
    ...(ca === undefined ? {} : { ca }),
  })
  return { url: own.origin, fetch: fetchOver(transport, bounds), close: () => transport.close() }
}
