import { randomBytes } from 'node:crypto'
import { HostSession } from '@overpost/auth'
import { fetchTransport } from '@overpost/auth/session'
import {
  boxNameSchema,
  messageIdSchema,
  propagateMessagesAnswerSchema,
  signEnvelope,
  type IdentityKey,
  type PropagateMessageJson,
} from '@overpost/protocol'
import { box, hostNamed, inboxOf, type Cast } from '../cast.ts'
import { StoryError } from '../story.ts'

/** Checks: B refuses what Alice did not sign, item by item, with the code for that; nothing of it is stored. */
export async function forgeMessage(cast: Cast): Promise<void> {
  const { story, alice, mallory } = cast
  story.begin('Mallory runs a host, and hands B messages "from Alice"')
  const signedByMallory = await envelopedItem(cast, alice.identityKey, mallory, 'I owe Mallory 1000 BSV')
  const honest = await envelopedItem(cast, alice.identityKey, alice, 'what Alice signed')
  const altered = { ...honest, signedMessage: { ...honest.signedMessage, body: 'what Alice never signed' } }
  const bareLinkage = { ...honest, proof: undefined, keyLinkage: randomBytes(32).toString('hex') }

  const results = await handIn(cast, [signedByMallory, altered, bareLinkage])
  const attempts = [
    "signed with Mallory's key",
    "Alice's signature on another text",
    'a bare keyLinkage as BRC-34 has it',
  ]
  for (const [index, attempt] of attempts.entries()) {
    const code = results[index]?.status === 'error' ? results[index].code : 'none'
    story.check(code === 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED', `${attempt}: refused, ${code}`)
  }
  story.check((await inboxOf(cast, cast.bob, 'B')).length === 0, 'nothing of it is in the box of Bob')
}

async function envelopedItem(
  { bob }: Cast,
  sender: IdentityKey,
  signer: Cast['alice'],
  body: string,
): Promise<PropagateMessageJson> {
  const messageId = messageIdSchema.parse(randomBytes(16).toString('hex'))
  const message = { sender, recipient: bob.identityKey, box: boxNameSchema.parse(box), messageId, body }
  const { timestampMs, signatureHex } = await signEnvelope(signer, message, Date.now())
  return {
    originalSender: sender,
    proof: 'envelope',
    signedMessage: { recipient: bob.identityKey, messageBox: box, messageId, body },
    timestamp: timestampMs,
    senderSignature: signatureHex,
    forwardId: Date.now().toString(16).padStart(16, '0') + randomBytes(24).toString('hex'),
  }
}

/** As a host does: in a session of its own, properly authenticated. */
async function handIn(cast: Cast, messages: readonly object[]) {
  const { url: origin, identityKey } = hostNamed(cast, 'B')
  const expectedHostKey = identityKey as IdentityKey
  const session = new HostSession({ wallet: cast.mallory, origin, expectedHostKey, transport: fetchTransport() })
  const { status, body } = await session.call({
    method: 'POST',
    path: '/propagateMessages',
    body: JSON.stringify({ messages }),
    signal: AbortSignal.any([cast.signal, AbortSignal.timeout(10_000)]),
  })
  const parsed = propagateMessagesAnswerSchema.safeParse(JSON.parse(new TextDecoder().decode(body)))
  if (status !== 200 || !parsed.success) throw new StoryError(`B answers ${status} to a batch`)
  return parsed.data.results
}
