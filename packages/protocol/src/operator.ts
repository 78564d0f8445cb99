import * as z from 'zod'
import { RelayError } from './errors.ts'
import { parseHostOrigin } from './host-origin.ts'
import { identityKeySchema } from './scalars.ts'

/** The calls of docs/specs/operator-api.md: each a `POST` of JSON with the operator's token. */
export const operatorPaths = {
  queue: '/operator/queue',
  messages: '/operator/messages',
  message: '/operator/message',
  change: '/operator/change',
  peers: '/operator/peers',
  identities: '/operator/identities',
  rules: '/operator/rules',
  rule: '/operator/rule',
  hostKeys: '/operator/host-keys',
  acceptHostKey: '/operator/accept-host-key',
} as const

export const queueChanges = ['retry', 'hold', 'release', 'bounce', 'purge'] as const
export const ruleVerdicts = ['allow', 'deny'] as const
export const ruleSubjects = ['host', 'sender'] as const
export const maxOperatorPage = 1_000

const idSchema = z.int().positive()
const pageSize = z.int().positive().max(maxOperatorPage).default(100)
const noteSchema = z.string().max(500)
const originSchema = z.string().transform((text, context) => {
  const origin = parseHostOrigin(text, { allowHttp: true })
  if (origin === text) return origin
  context.addIssue({ code: 'custom', message: 'must be an origin' })
  return z.NEVER
})

/** What each call takes. */
export const operatorRequests = {
  queue: z.strictObject({}),
  messages: z.strictObject({
    after: z.int().nonnegative().default(0),
    limit: pageSize,
    host: identityKeySchema.optional(),
    sender: identityKeySchema.optional(),
  }),
  message: z.strictObject({ id: idSchema }),
  change: z.strictObject({ ids: z.array(idSchema).min(1).max(maxOperatorPage), change: z.enum(queueChanges) }),
  peers: z.strictObject({}),
  identities: z.strictObject({ after: identityKeySchema.optional(), limit: pageSize }),
  rules: z.strictObject({}),
  rule: z.strictObject({
    subject: z.enum(ruleSubjects),
    key: identityKeySchema,
    verdict: z.enum(ruleVerdicts).nullable(),
    note: noteSchema.optional(),
  }),
  hostKeys: z.strictObject({ after: originSchema.optional(), limit: pageSize }),
  acceptHostKey: z.strictObject({ origin: originSchema, hostKey: identityKeySchema }),
} as const

const atMsSchema = z.number().nullable()
const destinationSchema = z.object({
  hostKey: z.string(),
  origin: z.string(),
  state: z.string(),
  attempts: z.number(),
  reason: z.string().nullable(),
})
const queuedSchema = z.object({
  id: z.number(),
  sender: z.string(),
  recipient: z.string(),
  messageBox: z.string(),
  messageId: z.string(),
  bytes: z.number(),
  acceptedAtMs: z.number(),
  held: z.boolean(),
  attempts: z.number(),
  reason: z.string().nullable(),
  nextAttemptAtMs: atMsSchema,
  destinations: z.array(destinationSchema),
})
const ruleSchema = z.object({
  subject: z.enum(ruleSubjects),
  key: z.string(),
  verdict: z.enum(ruleVerdicts),
  note: z.string(),
  setAtMs: z.number(),
})
const success = { status: z.literal('success') }

/** What each call answers. */
export const operatorAnswers = {
  queue: z.object({
    ...success,
    /** The bounds of `byAge`, in ms, the youngest first. */
    agesMs: z.array(z.number()),
    queues: z.array(
      z.object({
        /** Null: looks for a home. */
        host: z.string().nullable(),
        origin: z.string().nullable(),
        messages: z.number(),
        bytes: z.number(),
        held: z.number(),
        oldestAcceptedAtMs: z.number(),
        byAge: z.array(z.number()),
        failures: z.number(),
        nextAttemptAtMs: atMsSchema,
        reason: z.string().nullable(),
      }),
    ),
  }),
  messages: z.object({ ...success, messages: z.array(queuedSchema) }),
  message: z.object({ ...success, message: queuedSchema }),
  change: z.object({ ...success, changed: z.number() }),
  peers: z.object({
    ...success,
    peers: z.array(
      z.object({
        host: z.string(),
        origin: z.string(),
        breaker: z.enum(['closed', 'open', 'probing']),
        failures: z.number(),
        nextAttemptAtMs: atMsSchema,
        lastError: z.string().nullable(),
        waiting: z.number(),
        held: z.number(),
        /** Over the last minutes, since this process started. */
        deliveredPerMinute: z.number(),
        delivered: z.number(),
        lastDeliveredAtMs: atMsSchema,
      }),
    ),
  }),
  identities: z.object({
    ...success,
    identities: z.array(
      z.object({
        identityKey: z.string(),
        origin: z.string(),
        pattern: z.string().nullable(),
        issuedAtMs: atMsSchema,
        expiresAtMs: atMsSchema,
        /** Of this host's live tokens for it. Null: the wallet could not be asked, or there is none. */
        adverts: z.array(z.string()).nullable(),
      }),
    ),
  }),
  rules: z.object({ ...success, rules: z.array(ruleSchema) }),
  rule: z.object({ ...success, rules: z.array(ruleSchema) }),
  hostKeys: z.object({
    ...success,
    hostKeys: z.array(z.object({ origin: z.string(), hostKey: z.string(), offeredKey: z.string().nullable() })),
  }),
  /** False: it was the known one already. */
  acceptHostKey: z.object({ ...success, changed: z.boolean() }),
} as const

export type OperatorCall = keyof typeof operatorPaths
export type OperatorRequest<Call extends OperatorCall> = z.input<(typeof operatorRequests)[Call]>
export type OperatorAnswer<Call extends OperatorCall> = z.output<(typeof operatorAnswers)[Call]>

/** A request of an operator, checked. @throws {RelayError} ERR_INVALID_REQUEST, which says what is wrong */
export function parseOperatorRequest<Call extends OperatorCall>(
  call: Call,
  json: unknown,
): z.output<(typeof operatorRequests)[Call]> {
  const parsed = operatorRequests[call].safeParse(json)
  if (parsed.success) return parsed.data as z.output<(typeof operatorRequests)[Call]>
  const [issue] = parsed.error.issues
  throw new RelayError('ERR_INVALID_REQUEST', `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not of the form'}`)
}
