import { randomBytes } from 'node:crypto'
import { HostSession, IdentityWallet, type Transport } from '@overpost/auth'
import type { HostState } from '@overpost/devnet/network'
import {
  identityKeySchema,
  signEnvelope,
  type BoxName,
  type ForwardId,
  type MessageId,
  type PropagateMessageJson,
} from '@overpost/protocol'
import type { Person } from './person.ts'

export interface Answer {
  readonly status: number
  readonly json: unknown
}

/** A host of the test's own: it has a key and speaks BRC-34, and does with that as the test likes. */
export class ForeignHost {
  readonly #session: HostSession

  constructor(target: HostState, transport: Transport, privateKey = randomBytes(32).toString('hex')) {
    const expectedHostKey = identityKeySchema.parse(target.identityKey)
    const wallet = new IdentityWallet(privateKey)
    this.#session = new HostSession({ wallet, origin: target.url, expectedHostKey, transport })
  }

  async call(path: string, body: unknown): Promise<Answer> {
    const signal = AbortSignal.timeout(10_000)
    const answer = await this.#session.call({ method: 'POST', path, body: JSON.stringify(body), signal })
    return { status: answer.status, json: JSON.parse(Buffer.from(answer.body).toString('utf8')) as unknown }
  }

  propagate(item: unknown): Promise<Answer> {
    return this.call('/propagateMessage', item)
  }
}

/** A message from `sender`, signed, as a host hands it to another. */
export async function propagated({
  sender,
  recipient,
  box = 'inbox',
  messageId = randomBytes(16).toString('hex'),
  body = 'hello',
  sentAtMs = Date.now(),
  forwardId = newForwardId(),
}: {
  sender: Person
  recipient: Person
  box?: string
  messageId?: string
  body?: string
  sentAtMs?: number
  forwardId?: ForwardId
}): Promise<PropagateMessageJson> {
  const message = { sender: sender.key, recipient: recipient.key, box: box as BoxName, body }
  const named = { ...message, messageId: messageId as MessageId }
  const { timestampMs, signatureHex } = await signEnvelope(sender.wallet, named, sentAtMs)
  return {
    originalSender: sender.key,
    proof: 'envelope',
    signedMessage: { recipient: recipient.key, messageBox: box, messageId, body },
    timestamp: timestampMs,
    senderSignature: signatureHex,
    forwardId,
  }
}

export function newForwardId(atMs = Date.now()): ForwardId {
  const id = randomBytes(32)
  id.writeBigUInt64BE(BigInt(atMs))
  return id.toString('hex') as ForwardId
}
