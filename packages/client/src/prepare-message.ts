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
import * as z from 'zod'
import { sealBody, type CipherWallet } from './body-cipher.ts'

/** What to send, to one recipient or to several: at most 100, each gets a message of their own. */
export interface OutgoingMessage {
  readonly recipient?: string
  readonly recipients?: readonly string[]
  readonly box: string
  /** Not blank. */
  readonly body: string
  /** Default true: only the recipient can read it. False: hosts on the way can, and it goes to all recipients in one request. */
  readonly encrypt?: boolean
  /**
   * The sender's own name for it; absent: 32 random hexadecimal digits, for each recipient. The same id again from the same
   * sender, with the same body, is the same message.
   */
  readonly messageId?: string
}

/** A message with its ids and the sender's signatures, as plain JSON: sent any number of times, it arrives once. */
export interface PreparedMessage {
  readonly recipients: readonly { readonly recipient: IdentityKey; readonly messageId: MessageId }[]
  /** One for each recipient, as each gets a ciphertext of their own; of what is not encrypted, one for all of them. */
  readonly requests: readonly SendMessageJson[]
}

const bodySchema = z.string().regex(/\S/, 'must not be blank')

export interface PrepareTools {
  readonly wallet: Pick<WalletInterface, 'createSignature'> & CipherWallet
  readonly sender: IdentityKey
  readonly hasher: Hasher
  readonly nowMs: number
}

/** Names, encrypts and signs a message for each recipient. @throws {z.ZodError} recipient, box, body or id is not of the right form. */
export async function prepareMessage(
  { recipient, recipients: others = [], box, body: text, messageId, encrypt = true }: OutgoingMessage,
  { wallet, sender, hasher, nowMs }: PrepareTools,
): Promise<PreparedMessage> {
  const messageBox: BoxName = boxNameSchema.parse(box)
  bodySchema.parse(text)
  const recipients = [...(recipient === undefined ? [] : [recipient]), ...others].map((key) => ({
    recipient: identityKeySchema.parse(key),
    messageId: messageIdSchema.parse(messageId ?? randomId()),
  }))
  const request = async (to: PreparedMessage['recipients'], body: string): Promise<SendMessageJson> => {
    const envelopes = await Promise.all(
      to.map((one) => signEnvelope(wallet, { ...one, sender, box: messageBox, body }, nowMs, hasher)),
    )
    const message = {
      recipients: to.map((one) => one.recipient),
      messageBox,
      messageId: to.map((one) => one.messageId),
      body,
      envelope: envelopes.map(envelopeToJson),
    }
    return { message }
  }
  const requests = encrypt
    ? recipients.map(async (one) => request([one], await sealBody(wallet, one.recipient, text)))
    : [request(recipients, text)]
  return { recipients, requests: await Promise.all(requests) }
}

function randomId(): string {
  return bytesToHex(crypto.getRandomValues(new Uint8Array(16)))
}
