import { expect } from 'chai'
import {
  custodyBodyHash,
  custodyLeaf,
  custodyProof,
  ownForwardId,
  proveCustody,
  signCustody,
  verifyCustody,
  type Custody,
  type CustodyMessage,
  type CustodyProof,
} from './custody-receipt.ts'
import { custodyReceiptToJson, verifyCustodyReceipt } from './custody-receipt-json.ts'
import { propagateMessageAnswerSchema, propagateMessagesAnswerSchema } from './propagate-message.ts'
import type { BoxName, ForwardId, MessageId } from './scalars.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { specJson } from './testing/spec-vectors.ts'
import { host, origin, sender, stranger, user } from './testing/vectors.ts'

type VectorMessage = Omit<CustodyMessage, 'box' | 'bodyHash'> & {
  messageBox: BoxName
  body: string
  storedAtMs: number
}

const verifier = sdkSignatureVerifier()
const by = { hostKey: host.key, verifier }
const one = specJson('custody-receipt.md', 'one message') as { message: VectorMessage; answer: object }
const three = specJson('custody-receipt.md', 'three messages') as {
  messages: VectorMessage[]
  answer: object
  paths: string[][]
}
const written = specJson('custody-receipt.md', 'receipt, by itself') as Record<string, unknown>

function toMessage({ messageBox: box, body, ...names }: VectorMessage): CustodyMessage {
  return { ...names, box, bodyHash: custodyBodyHash(body, verifier) }
}

/** What the vector's answer proves, with changes to the messages or to what is said of them. */
function prove(changes: {
  message?: (message: CustodyMessage, index: number) => CustodyMessage
  custody?: (custody: Custody, index: number) => unknown
  signature?: unknown
  hostKey?: typeof host.key
}): (CustodyProof | null)[] {
  const { results, custodySignature } = propagateMessagesAnswerSchema.parse(three.answer)
  const items = three.messages.map((vector, index) => {
    const result = results[index]
    const custody = (result?.status === 'success' ? result.custody : undefined) as Custody
    return {
      message: changes.message?.(toMessage(vector), index) ?? toMessage(vector),
      custody: changes.custody === undefined ? custody : changes.custody(custody, index),
    }
  })
  const signature = 'signature' in changes ? changes.signature : custodySignature
  return proveCustody(items, signature, { verifier, hostKey: changes.hostKey ?? host.key }).map((place) =>
    place === null ? null : custodyProof(place, verifier),
  )
}

describe('custody receipts', () => {
  it('are made as in docs/specs/custody-receipt.md: one message', async () => {
    const { custody, custodySignature } = propagateMessageAnswerSchema.parse(one.answer)
    const leaf = custodyLeaf(toMessage(one.message), one.message.storedAtMs, verifier)
    expect({ storedAtMs: one.message.storedAtMs, leaf }).to.deep.equal(custody)
    expect(await signCustody(host.wallet, [leaf], verifier)).to.equal(custodySignature)
  })

  it('are made as in docs/specs/custody-receipt.md: three messages', async () => {
    const leaves = three.messages.map((vector) => custodyLeaf(toMessage(vector), vector.storedAtMs, verifier))
    const { results, custodySignature } = propagateMessagesAnswerSchema.parse(three.answer)
    expect(leaves).to.deep.equal(results.map((result) => (result as { custody: Custody }).custody.leaf))
    expect(await signCustody(host.wallet, leaves, verifier)).to.equal(custodySignature)
  })

  it('name what was forwarded by nobody as in docs/specs/custody-receipt.md', () => {
    const vector = specJson('custody-receipt.md', 'the forward id of what is here') as {
      handle: string
      acceptedAtMs: number
      forwardId: string
    }
    expect(ownForwardId(vector.handle, vector.acceptedAtMs, verifier)).to.equal(vector.forwardId)
  })

  it('prove each message of an answer by a path of its own', () => {
    const proofs = prove({})
    expect(proofs.map((proof) => proof?.path)).to.deep.equal(three.paths)
    for (const [index, proof] of proofs.entries()) {
      expect(verifyCustody(toMessage(three.messages[index]!), proof!, by), `message ${index}`).to.equal(true)
    }
  })

  it('leave out what the host says nothing of', async () => {
    const [first, , third] = three.messages.map((vector) => ({ vector, message: toMessage(vector) }))
    const leaves = [first!, third!].map(({ vector, message }) => custodyLeaf(message, vector.storedAtMs, verifier))
    const signature = await signCustody(host.wallet, leaves, verifier)
    const said = [{ storedAtMs: first!.vector.storedAtMs, leaf: leaves[0] }, undefined]
    const proofs = prove({
      signature,
      custody: (custody, index) => (index === 2 ? custody : said[index]),
    })
    expect(proofs.map((proof) => proof?.index ?? null)).to.deep.equal([0, null, 1])
    expect(verifyCustody(third!.message, proofs[2]!, by)).to.equal(true)
  })

  it('of a leaf that is not that of its message: null for that message only', () => {
    const other = (message: CustodyMessage, index: number): CustodyMessage =>
      index === 1 ? { ...message, bodyHash: custodyBodyHash('another body', verifier) } : message
    expect(prove({ message: other }).map((proof) => proof !== null)).to.deep.equal([true, false, true])
  })

  const broken: [string, Parameters<typeof prove>[0]][] = [
    ['no signature', { signature: undefined }],
    ['a signature that is no text', { signature: [48, 6] }],
    ['a signature of something else', { signature: '3006020101020101' }],
    ['the signature of another host', { hostKey: stranger.key }],
    ['a changed time', { custody: (custody) => ({ ...custody, storedAtMs: custody.storedAtMs + 1 }) }],
    ['a time that is none', { custody: (custody) => ({ ...custody, storedAtMs: -1 }) }],
    ['a leaf that is no hash', { custody: ({ storedAtMs }) => ({ storedAtMs, leaf: 'x'.repeat(64) }) }],
    [
      'leaves in another order',
      { custody: (custody, index) => (index === 0 ? { ...custody, leaf: '00'.repeat(32) } : custody) },
    ],
    ['no object', { custody: () => 'stored' }],
  ]
  for (const [name, changes] of broken) {
    it(`prove nothing with ${name}`, () => expect(prove(changes)).to.deep.equal([null, null, null]))
  }

  it('name each field of the message, so that none can be exchanged', () => {
    const message = toMessage(three.messages[0]!)
    const [proof] = prove({})
    const changes: Partial<CustodyMessage>[] = [
      { originHost: user.key },
      { forwardId: 'f'.repeat(64) as ForwardId },
      { recipient: stranger.key },
      { sender: host.key },
      { box: 'inbox2' as BoxName },
      { messageId: 'm2' as MessageId },
      { bodyHash: custodyBodyHash('hello ', verifier) },
      // The same bytes, cut in another place.
      { box: `${message.box}0` as BoxName, messageId: message.messageId.slice(1) as MessageId },
    ]
    for (const change of changes) {
      expect(verifyCustody({ ...message, ...change }, proof!, by), JSON.stringify(change)).to.equal(false)
    }
  })

  describe('by themselves', () => {
    const receipt = {
      ...toMessage(three.messages[1]!),
      host: { identityKey: host.key, origin },
      proof: prove({})[1]!,
    }

    it('are written as in docs/specs/custody-receipt.md, and verify', () => {
      expect(custodyReceiptToJson(receipt)).to.deep.equal(written)
      const verified = verifyCustodyReceipt(written, verifier)
      expect('receipt' in verified && custodyReceiptToJson(verified.receipt)).to.deep.equal(written)
    })

    const changed: [string, unknown][] = [
      ['nothing', undefined],
      ['a list', []],
      ['another type', { ...written, type: 'receipt' }],
      ['another version', { ...written, version: 2 }],
      ['a field more', { ...written, note: 'x' }],
      ['another host', { ...written, host: { identityKey: stranger.key, origin } }],
      ['another origin host', { ...written, originHost: sender.key }],
      ['another forward id', { ...written, forwardId: 'f'.repeat(64) }],
      ['another recipient', { ...written, recipient: sender.key }],
      ['another sender', { ...written, sender: user.key }],
      ['another box', { ...written, messageBox: 'inbox' }],
      ['another id', { ...written, messageId: 'm' }],
      ['another body', { ...written, bodyHash: '00'.repeat(32) }],
      ['another time', { ...written, storedAtMs: 1_700_000_000_124 }],
      ['another place', { ...written, index: 0 }],
      ['a place beyond the end', { ...written, index: 3 }],
      ['another size', { ...written, leaves: 4 }],
      ['a size beyond any', { ...written, leaves: 101 }],
      ['a shorter path', { ...written, path: [] }],
      ['a longer path', { ...written, path: [...(written['path'] as string[]), '00'.repeat(32)] }],
      ['a path without end', { ...written, path: Array.from({ length: 100_000 }, () => '00'.repeat(32)) }],
      ['another signature', { ...written, signature: '3006020101020101' }],
    ]
    for (const [name, json] of changed) {
      it(`do not verify with ${name}`, () => expect(verifyCustodyReceipt(json, verifier)).to.have.property('fault'))
    }

    it('do not verify when any one character of a value is another', () => {
      const text = JSON.stringify(written)
      const values = Object.entries(written).filter(([, value]) => typeof value === 'string') as [string, string][]
      for (const [name, value] of values) {
        const last = value.at(-1) === '0' ? '1' : '0'
        const json: unknown = JSON.parse(text.replace(JSON.stringify(value), JSON.stringify(value.slice(0, -1) + last)))
        expect(verifyCustodyReceipt(json, verifier), name).to.have.property('fault')
      }
    })
  })
})
