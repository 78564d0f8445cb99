import type { IncomingMessage } from 'node:http'
import { RelayError } from '@overpost/protocol'
import type { Middleware } from 'koa'

export interface RawBodyState {
  /** The body's bytes as they came; empty when there is none. */
  rawBody: Buffer
}

export interface RawBodyLimits {
  readonly limitBytes: number
  /** From the head of the request to the last byte of its body. */
  readonly timeoutMs?: number
}

const nothing = Buffer.alloc(0)
const mostDiscardedBytes = 8 * 1024 * 1024
const mostDiscardingMs = 5_000

/**
 * Reads the whole body into `ctx.state.rawBody`. Counts what comes, so chunked bodies are capped too.
 * @throws {RelayError} ERR_BODY_TOO_LARGE, ERR_REQUEST_TIMEOUT; ERR_INVALID_REQUEST when the caller went away half-way
 */
export function readRawBody({ limitBytes, timeoutMs = 30_000 }: RawBodyLimits): Middleware<RawBodyState> {
  return async (ctx, next) => {
    const { headers } = ctx.req
    const announced = headers['content-length']
    if (announced === undefined ? headers['transfer-encoding'] === undefined : announced === '0') {
      ctx.state.rawBody = nothing
      await next()
      return
    }
    try {
      if (Number(announced ?? 0) > limitBytes) throw new RelayError('ERR_BODY_TOO_LARGE')
      ctx.state.rawBody = await collect(ctx.req, limitBytes, timeoutMs)
    } catch (error) {
      if (error instanceof RelayError && error.code === 'ERR_BODY_TOO_LARGE') discardRest(ctx.req)
      // Nothing more is read, so nothing more can come over this connection.
      else ctx.set('connection', 'close')
      throw error
    }
    await next()
  }
}

function collect(request: IncomingMessage, limitBytes: number, timeoutMs: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    let settled = false
    let timer: NodeJS.Timeout | undefined
    const settle = (error: RelayError | null) => {
      // Of a body that is whole, only the end of its request is still to come.
      if (settled) return
      settled = true
      clearTimeout(timer)
      if (error === null)
        resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, bytes))
      else {
        request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose)
        request.on('error', ignore).pause()
        reject(error)
      }
    }
    const onData = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes > limitBytes) settle(new RelayError('ERR_BODY_TOO_LARGE'))
      else chunks.push(chunk)
    }
    const onEnd = () => settle(null)
    const onClose = () => {
      // Comes behind every request: an error takes note of its stack, which costs more than the rest of this file.
      if (!settled) settle(new RelayError('ERR_INVALID_REQUEST', 'The body ended before its end.'))
    }
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose)
    // Most bodies come in one piece with their head: when this tick is over those are complete, and need no timer.
    process.nextTick(() => {
      if (request.complete || settled) return
      timer = setTimeout(() => settle(new RelayError('ERR_REQUEST_TIMEOUT')), timeoutMs)
    })
  })
}

/**
 * Throws away what is still on its way of a body that was refused: to close at once would reset the connection, and the answer with
 * it. Who sends on and on is left standing, with the answer to read, and then cut off.
 */
function discardRest(request: IncomingMessage): void {
  let left = mostDiscardedBytes
  const timer = setTimeout(() => request.socket.destroy(), mostDiscardingMs)
  request
    .on('error', ignore)
    .on('data', (chunk: Buffer) => {
      left -= chunk.length
      if (left < 0) request.pause()
    })
    .once('close', () => clearTimeout(timer))
    .resume()
}

function ignore(): void {
  // The body was refused: whatever else happens to it is of no interest.
}
