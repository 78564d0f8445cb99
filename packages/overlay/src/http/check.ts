import { RelayError } from '@overpost/protocol'
import type * as z from 'zod'

/** Parsed, or ERR_INVALID_PARAMETERS with the first fault. */
export function check<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> {
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const at = issue?.path.join('.') ?? ''
  throw new RelayError(
    'ERR_INVALID_PARAMETERS',
    `${at === '' ? 'The request' : at}: ${issue?.message ?? 'not of the right form'}.`,
  )
}
