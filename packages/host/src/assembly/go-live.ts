import type { RequestListener } from 'node:http'
import type { Duplex } from 'node:stream'
import { livePath } from '@overpost/protocol'
import { LiveHub } from '../doors/live/live-hub.ts'
import { SocketIo, socketIoPath } from '../doors/live/socket-io.ts'
import { WebSockets } from '../doors/live/web-sockets.ts'
import type { HttpListener } from '../http/http-listener.ts'
import { publicKeyCheck } from '../public-key-check.ts'
import type { Foundation, OnClose } from './foundation.ts'
import type { Relay } from './relay.ts'

/** Serves `answer`, and live connections beside it: whatever asks for another upgrade is refused. */
export function goLive(
  listener: HttpListener,
  answer: RequestListener,
  { config, log, verifier, metrics, auth, callerLimits }: Foundation,
  { router, mailbox }: Pick<Relay, 'router' | 'mailbox'>,
  onClose: OnClose,
): void {
  const { live, trustProxy } = config
  if (!live.enabled) {
    listener.serve(answer)
    return
  }
  const hub = new LiveHub({
    ...{ auth, router, mailbox, callerLimits, isPublicKey: publicKeyCheck(verifier), limits: live, trustProxy },
    failed: (error) => log.error({ err: error }, 'a live connection failed'),
    counted: (connections) => metrics.liveConnections.set(connections),
  })
  const { frameBytes, pingMs } = live
  const socketIo = new SocketIo({ hub, frameBytes, pingMs })
  const webSockets = new WebSockets({ hub, frameBytes, pingMs })
  onClose(() => {
    hub[Symbol.dispose]()
    socketIo[Symbol.dispose]()
    webSockets[Symbol.dispose]()
  })
  listener.serve(
    (request, response) => {
      if (request.url?.startsWith(socketIoPath) === true) socketIo.handle(request, response)
      else answer(request, response)
    },
    (request, socket: Duplex, head) => {
      socket.on('error', () => socket.destroy())
      const path = (request.url ?? '').split('?', 1)[0]
      if (path === socketIoPath) socketIo.upgrade(request, socket, head)
      else if (path === livePath) webSockets.upgrade(request, socket, head)
      else socket.end('HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
    },
  )
}
