import type { TlsFiles } from '@overpost/auth'
import { parseHostOrigin, type HostOrigin, type IdentityKey } from '@overpost/protocol'
import type { Logger } from 'pino'
import { openDoors } from './assembly/doors.ts'
import { layFoundation, type HostOptions, type OnClose } from './assembly/foundation.ts'
import { goLive } from './assembly/go-live.ts'
import { startLoops } from './assembly/loops.ts'
import { createRelay } from './assembly/relay.ts'
import { tellDevices } from './assembly/tell-devices.ts'
import { Background } from './background.ts'
import type { HostConfig } from './config.ts'
import { listen } from './http/http-listener.ts'

export type { HostOptions }

/** A running relay host. Disposing of it drains: requests in hand are answered, sessions saved, the store closed. */
export interface Host extends AsyncDisposable {
  /** The origin under which others reach it, as it is advertised. */
  readonly url: string
  /** Where it listens: behind a proxy, another address. */
  readonly listenUrl: string
  readonly identityKey: IdentityKey
}

/**
 * Starts a host. Resolves when it serves.
 * @throws {Error} when its key, its store or its address cannot be had; nothing is left open then
 */
export async function createHost(config: HostConfig, options: HostOptions): Promise<Host> {
  const closers: Parameters<OnClose>[0][] = []
  const close = async (): Promise<void> => {
    for (let next = closers.pop(); next !== undefined; next = closers.pop()) await next()
  }
  try {
    const started = await start(config, options, (closer) => closers.push(closer))
    return { ...started, [Symbol.asyncDispose]: close }
  } catch (error) {
    await close()
    throw error
  }
}

/** What a host is made of, from the ground up: each part knows only those before it. */
async function start(
  config: HostConfig,
  options: HostOptions,
  onClose: OnClose,
): Promise<Pick<Host, 'url' | 'listenUrl' | 'identityKey'>> {
  const { requestTimeoutMs } = config.limits
  const foundation = await layFoundation(config, options, onClose)
  const { log, wallet } = foundation
  const hostKey = wallet.identityKey
  const background = new Background(log)
  const listener = await listen({ ...config.listen, requestTimeoutMs, tls: tlsFiles(config, log) })
  onClose(() => background.stop())
  onClose(() => listener.close(requestTimeoutMs))
  const self = { hostKey, origin: ownOrigin(config, listener.url) }
  const relay = await createRelay(foundation, self.origin)
  tellDevices(foundation, relay, onClose)
  startLoops(background, foundation, relay, self)
  const answer = openDoors(foundation, relay, background, self).callback()
  goLive(listener, (request, response) => void answer(request, response), foundation, relay, onClose)
  return { url: self.origin, listenUrl: listener.url, identityKey: hostKey }
}

function tlsFiles({ tls: { cert, key } }: HostConfig, log: Logger): TlsFiles | null {
  if (cert === undefined || key === undefined) return null
  return {
    cert,
    key,
    reloaded: () => log.info({ cert }, 'new TLS certificate'),
    reloadFailed: (err) => log.error({ err, cert }, 'the new TLS certificate cannot be used'),
  }
}

/** What others call this host; in development, without a setting, where it listens. */
function ownOrigin({ publicUrl, development }: HostConfig, listenUrl: string): HostOrigin {
  const local = listenUrl.replace('//0.0.0.0:', '//127.0.0.1:').replace('//[::]:', '//[::1]:')
  const origin = parseHostOrigin(publicUrl ?? local, { allowHttp: development })
  if (origin === null) throw new Error(`publicUrl: ${publicUrl ?? local} cannot be advertised`)
  return origin
}
