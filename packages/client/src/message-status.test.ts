import { IdentityWallet, nativeSignatureVerifier } from '@overpost/auth'
import {
  custodyLeaf,
  custodyReceiptToJson,
  ownForwardId,
  signCustody,
  type BoxName,
  type CustodyReceiptJson,
  type HostOrigin,
  type IdentityKey,
  type MessageId,
} from '@overpost/protocol'
import { expect } from 'chai'
import { readMessageStatus } from './message-status.ts'

const [sender, host, recipient, stranger] = ['11', '22', '33', '66'].map(
  (digits) => new IdentityWallet(digits.repeat(32)),
) as [IdentityWallet, IdentityWallet, IdentityWallet, IdentityWallet]
const verifier = nativeSignatureVerifier()

/** The receipt of a message that is at `by` itself. */
async function receiptOf(
  changes: { sender?: IdentityKey; recipient?: IdentityKey; box?: BoxName; messageId?: MessageId },
  by = host,
): Promise<CustodyReceiptJson> {
  const message = {
    ...{ originHost: by.identityKey, forwardId: ownForwardId('handle', 5, verifier), bodyHash: '00'.repeat(32) },
    ...{ sender: sender.identityKey, recipient: recipient.identityKey },
    ...{ box: 'inbox' as BoxName, messageId: 'm1' as MessageId, ...changes },
  }
  const { bodyHash } = message
  const signatureHex = await signCustody(by, [custodyLeaf(message, 5, verifier)], verifier)
  const proof = { storedAtMs: 5, bodyHash, index: 0, leaves: 1, path: [], signatureHex }
  const at = { identityKey: by.identityKey, origin: 'https://relay.example' as HostOrigin }
  return custodyReceiptToJson({ ...message, host: at, proof })
}

describe('readMessageStatus, of what is at the host itself', () => {
  const read = (receipt: Record<string, unknown>) =>
    readMessageStatus(
      {
        ...{ handle: 'handle', state: 'delivered', receipt, destinations: [] },
        ...{ recipient: recipient.identityKey, messageBox: 'inbox' as BoxName, messageId: 'm1' as MessageId },
      },
      { sender: sender.identityKey, originHost: host.identityKey, verifier },
    ).receipt

  it('keeps the receipt of the host that answers', async () => {
    const receipt = await receiptOf({})
    expect(read({ ...receipt })).to.deep.equal(receipt)
  })

  const others: [string, () => Promise<object>][] = [
    ['of another host', () => receiptOf({}, stranger)],
    ['of another sender', () => receiptOf({ sender: stranger.identityKey })],
    ['of another recipient', () => receiptOf({ recipient: stranger.identityKey })],
    ['of another box', () => receiptOf({ box: 'other' as BoxName })],
    ['of another id', () => receiptOf({ messageId: 'm2' as MessageId })],
    ['with another body', async () => ({ ...(await receiptOf({})), bodyHash: '11'.repeat(32) })],
    ['that is none', () => Promise.resolve({ type: 'receipt' })],
  ]
  for (const [name, receipt] of others) {
    it(`leaves out one ${name}`, async () => expect(read({ ...(await receipt()) })).to.equal(undefined))
  }
})
