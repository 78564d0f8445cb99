import type { Context } from 'koa'
import { RelayError } from '@overpost/protocol'
import type * as z from 'zod'

/** Enough for a wallet call with a large BEEF written as an array of numbers. */
const limitBytes = 64 * 1024 * 1024

/** The whole body. Throws ERR_BODY_TOO_LARGE. */
export async function readBody(ctx: Context): Promise<Buffer> {
  const chunks: Buffer[] = []
  let bodyBytes = 0
  for await (const chunk of ctx.req as AsyncIterable<Buffer>) {
    bodyBytes += chunk.length
    if (bodyBytes > limitBytes) throw new RelayError('ERR_BODY_TOO_LARGE')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/** The body as JSON of the schema's form; an empty body is `{}`. Throws ERR_INVALID_JSON and ERR_INVALID_REQUEST. */
export async function readJson<T>(ctx: Context, schema: z.ZodType<T>): Promise<T> {
  const text = (await readBody(ctx)).toString('utf8')
  let value: unknown
  try {
    value = text.trim() === '' ? {} : JSON.parse(text)
  } catch (cause) {
    throw new RelayError('ERR_INVALID_JSON', undefined, { cause })
  }
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new RelayError('ERR_INVALID_REQUEST', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not valid'}`)
}
