import type { PeerState } from '@overpost/auth'
import type { Permissions } from '@overpost/core'
import { deliveryStatus, parsePermissionQuote, type IdentityKey, type RecipientQuoteJson } from '@overpost/protocol'
import type { Middleware } from 'koa'

export interface QuoteDeps {
  readonly permissions: Pick<Permissions, 'fee'>
  readonly isPublicKey: (key: IdentityKey) => boolean
}

/** The host's own price for a message. */
const deliveryFee = 0

/** `GET /permissions/quote`: what the caller would pay to send to one recipient, or to each of several. */
export function quote({ permissions, isPublicKey }: QuoteDeps): Middleware<PeerState> {
  return async (ctx) => {
    const { box, recipients } = parsePermissionQuote(ctx.query, isPublicKey)
    const sender = ctx.state.peer.identityKey
    const fees = await Promise.all(recipients.map(async (recipient) => await permissions.fee(recipient, box, sender)))
    const quotes = recipients.map((recipient, index): RecipientQuoteJson => {
      const recipientFee = fees[index] ?? 0
      return { recipient, messageBox: box, deliveryFee, recipientFee, status: deliveryStatus(recipientFee) }
    })
    const [only] = quotes
    if (only !== undefined && quotes.length === 1) {
      const { recipientFee, status } = only
      const description = `A message costs: ${status}.`
      ctx.body = { status: 'success', description, quote: { deliveryFee, recipientFee } }
      return
    }
    ctx.body = { status: 'success', description: `What a message costs, for ${quotes.length}.`, ...together(quotes) }
  }
}

function together(quotes: readonly RecipientQuoteJson[]) {
  const welcome = quotes.filter(({ status }) => status !== 'blocked')
  const deliveryFees = deliveryFee * welcome.length
  const recipientFees = welcome.reduce((sum, { recipientFee }) => sum + recipientFee, 0)
  return {
    quotesByRecipient: quotes,
    totals: { deliveryFees, recipientFees, totalForPayableRecipients: deliveryFees + recipientFees },
    blockedRecipients: quotes.filter(({ status }) => status === 'blocked').map(({ recipient }) => recipient),
  }
}
