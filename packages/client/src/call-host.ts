import { SessionError, type SignedSession } from '@overpost/auth/session'
import { errorAnswerSchema } from '@overpost/protocol'
import type * as z from 'zod'
import { withDeadline, type Limits } from './deadline.ts'
import { RelayClientError } from './relay-client-error.ts'

/** A bound for answers, not a size to expect: a page of messages is text in JSON in JSON. */
const maxAnswerBytes = 64 * 1024 * 1024
/** The fields of a refusal that every one has. */
const known = new Set(['status', 'code', 'description'])

export interface HostCall<Schema extends z.ZodType> {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
  readonly schema: Schema
}

/** {@link callHost} in a client's own session and within its own time. */
export type CallHost = <Schema extends z.ZodType>(
  call: HostCall<Schema>,
  options: { readonly signal?: AbortSignal },
) => Promise<z.output<Schema>>

/**
 * Makes a call with JSON in an authenticated session, and reads the answer by `schema`.
 * @throws {RelayClientError} the host's refusal, or why there is no answer that can be believed
 */
export async function callHost<Schema extends z.ZodType>(
  session: SignedSession,
  { method, path, body, schema }: HostCall<Schema>,
  limits: Limits,
): Promise<z.output<Schema>> {
  const answer = await withDeadline(limits, `${method} ${path.split('?')[0] ?? ''}`, async (signal) => {
    try {
      return await session.call({
        method,
        path,
        body: body === undefined ? '' : JSON.stringify(body),
        signal,
        maxAnswerBytes,
      })
    } catch (error) {
      throw error instanceof SessionError ? fromSession(error) : error
    }
  })
  const json = parseJson(answer.body)
  const parsed = schema.safeParse(json)
  if (answer.status === 200 && parsed.success) return parsed.data
  throw refusal(json, answer.status)
}

/** The error that an answer other than a success stands for. */
export function refusal(json: unknown, status: number): RelayClientError {
  const refused = errorAnswerSchema.safeParse(json)
  if (!refused.success) {
    return new RelayClientError('ERR_INVALID_ANSWER', 'the answer is not of the form that was agreed on', { status })
  }
  const { code, description } = refused.data
  const details = Object.fromEntries(Object.entries(refused.data).filter(([name]) => !known.has(name)))
  return new RelayClientError(code, description === '' ? code : description, { status, details })
}

export function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(body))
  } catch {
    return undefined
  }
}

export function fromSession(error: SessionError): RelayClientError {
  const options = { cause: error, status: error.status }
  switch (error.fault) {
    case 'unreachable':
      return new RelayClientError('ERR_UNREACHABLE', error.message, { cause: error })
    case 'wrong-key':
      return new RelayClientError('ERR_WRONG_HOST', error.message, { cause: error })
    case 'refused':
      return new RelayClientError('UNAUTHORIZED', error.message, options)
    case 'unsigned':
      return new RelayClientError('ERR_UNSIGNED_ANSWER', error.message, options)
    case 'not-authentic':
    case 'too-large':
      return new RelayClientError('ERR_INVALID_ANSWER', error.message, { cause: error })
  }
}
