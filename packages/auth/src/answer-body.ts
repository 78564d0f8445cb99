import { Readable } from 'node:stream'
import { RelayError } from '@overpost/protocol'
import type { Context } from 'koa'

const nothing = Buffer.alloc(0)

/**
 * Fixes status and body of the answer and returns the bytes that will be sent, so that they can be signed. No answer is
 * left empty, since clients disagree on how to sign that: what has no body gets `{}`, with 200 where the status forbids a
 * body. Only HEAD has none.
 */
export async function answerBody(ctx: Context): Promise<Uint8Array> {
  const status = ctx.status
  const given: unknown = ctx.body
  let body: Buffer
  if (typeof given === 'string') body = Buffer.from(given, 'utf8')
  else if (Buffer.isBuffer(given)) body = given
  else if (given instanceof Uint8Array) body = Buffer.from(given.buffer, given.byteOffset, given.byteLength)
  else if (given instanceof Readable) body = Buffer.concat(await given.toArray())
  else if (given === null || given === undefined) body = nothing
  else body = Buffer.from(JSON.stringify(given), 'utf8')

  if (body.length === 0) body = replacement(ctx, status)
  if (ctx.method === 'HEAD') {
    ctx.body = nothing
    return nothing
  }
  ctx.body = body
  return body
}

/** For a status that Koa sends without a body, and for a route that set none. */
function replacement(ctx: Context, status: number): Buffer {
  ctx.type = 'application/json'
  if (status === 204 || status === 205 || status === 304) ctx.status = 200
  if (status !== 404) return Buffer.from('{}')
  ctx.status = 404
  const { code, message } = new RelayError('ERR_NOT_FOUND')
  return Buffer.from(JSON.stringify({ status: 'error', code, description: message }))
}
