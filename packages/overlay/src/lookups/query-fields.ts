import { identityKeySchema, originForRouting, RelayError } from '@overpost/protocol'
import * as z from 'zod'

/** Whatever else a question holds must be plain too: a condition that we do not know is ignored, an object is refused. */
export const otherField = z.union([z.string(), z.number(), z.boolean()], 'must be a string, a number or a boolean')

export const requiredKeyField = identityKeySchema

export const keyField = identityKeySchema.optional()

/** An origin, or a bare domain for `https://` and it. */
export const originField = z
  .string()
  .transform((text, context) => {
    const origin = originForRouting(text.replace(/\/$/, ''), { allowHttp: true })
    if (origin === null) context.addIssue('must be an origin such as https://host.example')
    return origin ?? z.NEVER
  })
  .optional()

export function limitField(max: number) {
  return z.number().int().min(1).max(max).default(max)
}

export const skipField = z.number().int().min(0).max(1_000_000_000).default(0)

/** @throws {RelayError} ERR_INVALID_PARAMETERS, with the field that is wrong */
export function parseQuery<Schema extends z.ZodType>(
  service: string,
  schema: Schema,
  query: unknown,
): z.output<Schema> {
  const parsed = schema.safeParse(query)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  const field = issue?.path.join('.') ?? ''
  throw new RelayError(
    'ERR_INVALID_PARAMETERS',
    `The query of ${service} is not of the right form: ${field === '' ? '' : `${field}: `}${issue?.message ?? 'invalid'}.`,
  )
}
