import { Readable } from 'node:stream'
import { RelayError } from '@overpost/protocol'
import type { Context } from 'koa'

const nothing = Buffer.alloc(0)
const longText = 16_384

/**
 * Fixes status and body of the answer and returns the body that will be sent, so that it can be signed. No answer is
 * left empty, since clients disagree on how to sign that: what has no body gets `{}`, with 200 where the status forbids a
 * body. Only HEAD has none.
 */
export async function answerBody(ctx: Context): Promise<string | Buffer> {
  const { status } = ctx
  const given = ctx.body
  let body = await sendable(given)
  if (body.length === 0) {
    ctx.type = 'application/json'
    ctx.status = status === 204 || status === 205 || status === 304 ? 200 : status
    body = status === 404 ? notFound() : '{}'
  }
  if (ctx.method === 'HEAD') body = nothing
  // Koa looks at all of a body again each time that it is set.
  if (body !== given) ctx.body = body
  return body
}

/** Text stays text unless it is long: Node sends it together with the headers, in one piece. */
async function sendable(body: unknown): Promise<string | Buffer> {
  if (body === null || body === undefined) return nothing
  if (typeof body === 'string') return bytesIfLong(body)
  if (Buffer.isBuffer(body)) return body
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  if (body instanceof Readable) return await collected(body)
  return bytesIfLong(JSON.stringify(body))
}

/** Made bytes once, for the signature and for the network. */
function bytesIfLong(text: string): string | Buffer {
  return text.length > longText ? Buffer.from(text) : text
}

async function collected(stream: Readable): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<string | Uint8Array>) chunks.push(Buffer.from(chunk))
  return Buffer.concat(chunks)
}

function notFound(): string {
  const { code, message } = new RelayError('ERR_NOT_FOUND')
  return JSON.stringify({ status: 'error', code, description: message })
}
