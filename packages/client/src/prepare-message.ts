import {
  boxNameSchema,
  bytesToHex,
  envelopeToJson,
  identityKeySchema,
  messageIdSchema,
  signEnvelope,
  type BoxName,
  type Hasher,
  type IdentityKey,
  type MessageId,
  type SendMessageJson,
} from '@overpost/protocol'
import type { WalletInterface } from '@bsv/sdk'

/** What to send, to one recipient or to several: at most 100, each gets a message of their own. */
export interface OutgoingMessage {
  readonly recipient?: string
  readonly recipients?: readonly string[]
  readonly box: string
  /** Not blank. Sent as it is: encrypt it before, where others should not read it. */
  readonly body: string
  /**
   * The sender's own name for it; absent: 32 random hexadecimal digits, for each recipient. The same id again from the same
   * sender, with the same body, is the same message.
   */
  readonly messageId?: string
}

/** A message with its ids and the sender's signatures, as plain JSON: sent any number of times, it arrives once. */
export interface PreparedMessage {
  readonly recipients: readonly { readonly recipient: IdentityKey; readonly messageId: MessageId }[]
  readonly request: SendMessageJson
}

export interface PrepareTools {
  readonly wallet: Pick<WalletInterface, 'createSignature'>
  readonly sender: IdentityKey
  readonly hasher: Hasher
  readonly nowMs: number
}

/** Names and signs a message for each recipient. @throws {z.ZodError} a recipient, box or id is not of the right form. */
export async function prepareMessage(
  { recipient, recipients = [], box, body, messageId }: OutgoingMessage,
  { wallet, sender, hasher, nowMs }: PrepareTools,
): Promise<PreparedMessage> {
  const messageBox: BoxName = boxNameSchema.parse(box)
  const named = [...(recipient === undefined ? [] : [recipient]), ...recipients].map((key) => ({
    recipient: identityKeySchema.parse(key),
    messageId: messageIdSchema.parse(messageId ?? randomId()),
  }))
  const envelopes = await Promise.all(
    named.map((one) => signEnvelope(wallet, { ...one, sender, box: messageBox, body }, nowMs, hasher)),
  )
  const message = {
    recipients: named.map((one) => one.recipient),
    messageBox,
    messageId: named.map((one) => one.messageId),
    body,
    envelope: envelopes.map(envelopeToJson),
  }
  return { recipients: named, request: { message } }
}

function randomId(): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(16)))
}
