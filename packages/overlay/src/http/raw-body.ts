import { RelayError } from '@overpost/protocol'
import type { Context } from 'koa'

/**
 * The request's body, counted as it arrives. @throws {RelayError} ERR_BODY_TOO_LARGE above `limitBytes`; the rest is not read
 * and the connection ends with the answer.
 */
export async function rawBody(ctx: Context, limitBytes: number): Promise<Buffer> {
  const tooLarge = (): RelayError => {
    ctx.set('Connection', 'close')
    return new RelayError('ERR_BODY_TOO_LARGE', `The body is larger than ${limitBytes} bytes.`)
  }
  if (ctx.request.length > limitBytes) throw tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of ctx.req.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length
      if (bytes > limitBytes) throw tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    if (error instanceof RelayError) throw error
    throw new RelayError('ERR_REQUEST_TIMEOUT', 'The request did not arrive whole.', { cause: error })
  }
  return Buffer.concat(chunks)
}

/** The body as JSON. @throws {RelayError} ERR_INVALID_JSON, ERR_BODY_TOO_LARGE */
export async function jsonBody(ctx: Context, limitBytes: number): Promise<unknown> {
  const body = await rawBody(ctx, limitBytes)
  try {
    return JSON.parse(body.toString('utf8')) as unknown
  } catch (cause) {
    throw new RelayError('ERR_INVALID_JSON', 'The body is not JSON.', { cause })
  }
}
