import { boxNameSchema, deliveryStatus, identityKeySchema, type DeliveryStatus } from '@overpost/protocol'
import * as z from 'zod'
import type { CallHost } from './call-host.ts'
import type { CallOptions } from './message-box-client.ts'

/** Which rule: of one sender, or, without, of the box as a whole. */
export interface PermissionNames {
  readonly box: string
  readonly sender?: string
}

const permissionSchema = z.object({
  messageBox: z.string(),
  sender: z.string().nullable(),
  recipientFee: z.number(),
  status: z.string(),
})
const quoteSchema = z.object({ deliveryFee: z.number(), recipientFee: z.number() })
const answers = {
  done: z.object({ status: z.literal('success') }),
  get: z.object({ permission: permissionSchema.nullable() }),
  list: z.object({ permissions: z.array(permissionSchema), totalCount: z.number() }),
  quote: z.union([
    z.object({ quote: quoteSchema }),
    z.object({ quotesByRecipient: z.array(quoteSchema.extend({ recipient: z.string() })) }),
  ]),
}
const pageSize = 1_000

/** What a user decided: -1 is blocked, 0 allowed, more is a fee in satoshis. */
export type Permission = z.output<typeof permissionSchema>

/** What a message to somebody costs. */
export interface Quote extends z.output<typeof quoteSchema> {
  readonly recipient: string
  readonly status: DeliveryStatus
}

/** Who may send to the user's boxes, and what one pays to send to others' (docs/specs/permissions.md). */
export class PermissionsClient {
  readonly #call: CallHost

  constructor(call: CallHost) {
    this.#call = call
  }

  /** Decides from now on; a fee of null takes the decision away. */
  async set(names: PermissionNames, feeSatoshis: number | null, options: CallOptions = {}): Promise<void> {
    const { messageBox, ...sender } = query(names)
    const body = { messageBox, recipientFee: feeSatoshis, ...sender }
    await this.#call({ method: 'POST', path: '/permissions/set', body, schema: answers.done }, options)
  }

  /** Null when nothing was decided. */
  async get(names: PermissionNames, options: CallOptions = {}): Promise<Permission | null> {
    const path = `/permissions/get?${new URLSearchParams(query(names)).toString()}`
    return (await this.#call({ method: 'GET', path, schema: answers.get }, options)).permission
  }

  /** All decisions: of one box, or of all. */
  async list({ box, ...options }: CallOptions & { readonly box?: string } = {}): Promise<Permission[]> {
    const found: Permission[] = []
    for (;;) {
      const page = {
        limit: String(pageSize),
        offset: String(found.length),
        ...(box === undefined ? {} : query({ box })),
      }
      const path = `/permissions/list?${new URLSearchParams(page).toString()}`
      const { permissions, totalCount } = await this.#call({ method: 'GET', path, schema: answers.list }, options)
      found.push(...permissions)
      if (permissions.length === 0 || found.length >= totalCount) return found
    }
  }

  /** What the user would pay, for each of the recipients. */
  async quote(recipients: readonly string[], box: string, options: CallOptions = {}): Promise<Quote[]> {
    const keys = recipients.map((recipient) => identityKeySchema.parse(recipient))
    const asked = new URLSearchParams({ messageBox: boxNameSchema.parse(box) })
    for (const key of keys) asked.append('recipient', key)
    const path = `/permissions/quote?${asked.toString()}`
    const answer = await this.#call({ method: 'GET', path, schema: answers.quote }, options)
    const quotes =
      'quote' in answer ? keys.map((recipient) => ({ recipient, ...answer.quote })) : answer.quotesByRecipient
    return quotes.map((quote) => ({ ...quote, status: deliveryStatus(quote.recipientFee) }))
  }
}

function query({ box, sender }: PermissionNames): { messageBox: string; sender?: string } {
  const messageBox = boxNameSchema.parse(box)
  return sender === undefined ? { messageBox } : { messageBox, sender: identityKeySchema.parse(sender) }
}
