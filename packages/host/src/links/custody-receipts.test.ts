import { nativeSignatureVerifier, type NodeTransport } from '@overpost/auth'
import type { Destination, Parcel } from '@overpost/core'
import {
  capabilityPath,
  custodyBodyHash,
  custodyProof,
  custodyReceiptToJson,
  sdkSignatureVerifier,
  signCustody,
  signEnvelope,
  verifyCustodyReceipt,
  type BoxName,
  type CustodyProof,
  type ForwardId,
  type IdentityKey,
  type MessageId,
} from '@overpost/protocol'
import { expect } from 'chai'
import type { Host } from '../host.ts'
import { nodeClock } from '../node-clock.ts'
import { newForwardId } from '../testing/federation.ts'
import {
  aliceWallet,
  authorizationBody,
  bobWallet,
  callerFixture,
  hostFixture,
  hostWallet,
  otherHostWallet,
  walletFixture,
} from '../testing/host-fixture.ts'
import { scriptedPeer, type Script } from '../testing/scripted-peer.ts'
import { HttpHostLink } from './http-host-link.ts'
import { outgoingTransport } from './outgoing.ts'

const never = new AbortController().signal
const verifier = nativeSignatureVerifier()
/** Anybody, with the SDK and nothing else. */
const anybody = sdkSignatureVerifier()
/** The sending host. */
const origin = otherHostWallet

async function parcelFixture(
  fields: { messageId?: string; body?: string; recipient?: IdentityKey; forwardId?: string } = {},
): Promise<Parcel> {
  const message = {
    sender: aliceWallet.identityKey,
    recipient: fields.recipient ?? bobWallet.identityKey,
    box: 'inbox' as BoxName,
    messageId: (fields.messageId ?? 'm1') as MessageId,
    body: fields.body ?? 'hello',
  }
  const envelope = { ...(await signEnvelope(aliceWallet, message, Date.now())), hash: '' }
  return {
    ...{ id: 1, message: { ...message, contentType: 'text/plain', envelope, request: null } },
    ...{ forwardId: (fields.forwardId ?? newForwardId()) as ForwardId, acceptedAtMs: 0, attempts: 0 },
  }
}

describe('custody receipts from host to host', () => {
  let host: Host
  let transport: NodeTransport
  let invalid: number
  let link: HttpHostLink
  let to: Destination

  beforeEach(async () => {
    host = await hostFixture()
    using bob = callerFixture(bobWallet, host.url)
    await bob.post('/authorizeRouting', await authorizationBody(bobWallet, host))
    transport = outgoingTransport({ development: true })
    invalid = 0
    link = new HttpHostLink({
      ...{ wallet: origin, transport, clock: nodeClock, verifier, prefersToVouch: () => Promise.resolve(false) },
      receiptsInvalid: ({ receipts }) => (invalid += receipts),
      options: { callTimeoutMs: 5_000, batchBytes: 1_000_000 },
    })
    to = { hostKey: host.identityKey, origin: host.url as Destination['origin'] }
  })
  afterEach(async () => {
    transport.close()
    await host[Symbol.asyncDispose]()
  })

  const propagate = async (...parcels: Parcel[]): Promise<(CustodyProof | string | null)[]> => {
    const answer = await link.propagate(to, parcels, never)
    if (answer.kind !== 'answered') throw new Error(answer.kind)
    return answer.answers.map((one) => {
      if (one.kind !== 'stored') return one.code
      return one.receipt === null ? null : custodyProof(one.receipt, anybody)
    })
  }
  /** Whether the proof convinces somebody who has never heard of any of this. */
  const convinces = ({ message, forwardId }: Parcel, proof: CustodyProof | string | null | undefined): boolean => {
    if (typeof proof !== 'object' || proof === null) return false
    const receipt = custodyReceiptToJson({
      ...{ ...message, originHost: origin.identityKey, forwardId, bodyHash: custodyBodyHash(message.body, anybody) },
      ...{ host: { identityKey: to.hostKey, origin: to.origin }, proof },
    })
    return 'receipt' in verifyCustodyReceipt(JSON.parse(JSON.stringify(receipt)), anybody)
  }

  it('come for one message, and say when it was stored', async () => {
    const before = Date.now()
    const parcel = await parcelFixture()
    const [proof] = await propagate(parcel)
    expect(convinces(parcel, proof)).to.equal(true)
    expect(proof).to.include({ index: 0, leaves: 1 })
    expect((proof as CustodyProof).storedAtMs).to.be.within(before, Date.now())
  })

  it('come for each of a hundred under one signature, but for those that were refused', async () => {
    const parcels = await Promise.all(
      Array.from({ length: 100 }, (_, index) =>
        parcelFixture({
          messageId: `m${index}`,
          ...(index % 10 === 3 ? { recipient: walletFixture('55').identityKey } : {}),
        }),
      ),
    )
    const proofs = await propagate(...parcels)
    const isConvincing = proofs.map((proof, index) => convinces(parcels[index]!, proof))
    expect(isConvincing).to.deep.equal(parcels.map((_, index) => index % 10 !== 3))
    expect(proofs.filter((proof) => proof === 'ERR_RECIPIENT_NOT_HOSTED')).to.have.length(10)
    expect(
      new Set(proofs.flatMap((proof) => (typeof proof === 'object' ? [proof?.signatureHex] : []))),
    ).to.have.lengthOf(1)
    expect(invalid).to.equal(0)
  })

  it('are of the first leaf when a parcel is sent again, also after the acknowledgement', async () => {
    const parcel = await parcelFixture()
    const [first] = (await propagate(parcel)) as CustodyProof[]
    using bob = callerFixture(bobWallet, host.url)
    await bob.post('/acknowledgeMessage', { messageIds: ['m1'] })
    const [again] = (await propagate(parcel)) as CustodyProof[]
    expect(again).to.deep.equal(first)
    expect(convinces(parcel, again)).to.equal(true)
  })

  it('are not given for another body, or another recipient, under a forward id that came before', async () => {
    const forwardId = newForwardId()
    await propagate(await parcelFixture({ forwardId }))
    const body = await parcelFixture({ forwardId, body: 'never stored' })
    const id = await parcelFixture({ forwardId, messageId: 'm2' })
    expect(await propagate(body, id)).to.deep.equal([null, null])
    expect(invalid).to.equal(0)
  })

  it('are given anew for the same envelope under another forward id', async () => {
    const parcel = await parcelFixture()
    const again = { ...parcel, forwardId: newForwardId() as ForwardId }
    await propagate(parcel)
    const [proof] = await propagate(again)
    expect(convinces(again, proof)).to.equal(true)
    expect(convinces(parcel, proof)).to.equal(false)
  })

  it('are announced in the capability document', async () => {
    const answer = await fetch(host.url + capabilityPath)
    expect(await answer.json()).to.include({ receipts: true })
  })

  describe('of a host that lies', () => {
    const lies: [string, number, (leaf: string) => Promise<object>][] = [
      ['a leaf of something else', 1, async () => said('00'.repeat(32), await sign('00'.repeat(32)))],
      ['a signature over something else', 1, async (leaf) => said(leaf, await sign('00'.repeat(32)))],
      ['a signature of another', 1, async (leaf) => said(leaf, await signCustody(aliceWallet, [leaf], verifier))],
      ['no signature', 1, (leaf) => Promise.resolve(said(leaf, undefined))],
      ['nonsense', 1, () => Promise.resolve({ custody: 'yes', custodySignature: {} })],
      ['nothing at all', 0, () => Promise.resolve({})],
    ]
    const said = (leaf: string, custodySignature: string | undefined) => ({
      custody: { storedAtMs: 1, leaf },
      ...(custodySignature === undefined ? {} : { custodySignature }),
    })
    const sign = (leaf: string) => signCustody(hostWallet, [leaf], verifier)
    for (const [name, told, lie] of lies) {
      it(`are null, and the delivery counts: ${name}`, async () => {
        const script: Script = async () => ({
          status: 200,
          body: { status: 'success', ...(await lie('ab'.repeat(32))) },
        })
        await using peer = await scriptedPeer(hostWallet, script)
        to = { hostKey: hostWallet.identityKey, origin: peer.origin }
        expect(await propagate(await parcelFixture())).to.deep.equal([null])
        expect(invalid).to.equal(told)
      })
    }
  })
})
