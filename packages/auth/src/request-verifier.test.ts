import { readFileSync } from 'node:fs'
import { PrivateKey, ProtoWallet } from '@bsv/sdk'
import {
  bytesToHex,
  hexToBytes,
  parsePropagateMessage,
  type IdentityKey,
  type LinkageRevelation,
  type NamedLinkage,
  type SignedRequest,
} from '@overpost/protocol'
import { expect } from 'chai'
import { messageKey } from './auth-protocol.ts'
import { childTweak, sha256 } from './curve.ts'
import { IdentityWallet } from './identity-wallet.ts'
import { invoiceNumber } from './invoice-number.ts'
import { RequestVerifier } from './request-verifier.ts'
import { forgeryFromKey, forgeryFromSignature, isTakenByBareCheck } from './testing/linkage-forgeries.ts'
import { SeededRandom } from './testing/seeded-random.ts'
import { signedSend } from './testing/signed-send.ts'

const wallet = (digits: string) => new IdentityWallet(digits.repeat(32))
const [alice, hostA, bob, hostB, otherHost] = ['11', '22', '33', '44', '66'].map(wallet) as [
  IdentityWallet,
  IdentityWallet,
  IdentityWallet,
  IdentityWallet,
  IdentityWallet,
]
const order = 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'
const body = (text: string) => ({
  message: { recipient: bob.identityKey, messageBox: 'inbox', messageId: 'm1', body: text },
})
const named = async (prover = hostA, sender = alice.identityKey, verifier = hostB): Promise<NamedLinkage> => ({
  hash: prover.linkageName(sender),
  revelation: await prover.revealLinkage(sender, verifier.identityKey),
})

/** The point that host A and Alice share, and the proof of it, as host B opens them. */
async function opened(): Promise<{ shared: Uint8Array; proof: Uint8Array }> {
  const { encryptedLinkage, encryptedLinkageProof, revelationTime } = await hostA.revealLinkage(
    alice.identityKey,
    hostB.identityKey,
  )
  const key = {
    protocolID: [2, 'counterparty linkage revelation'] as [2, string],
    keyID: revelationTime,
    counterparty: hostA.identityKey,
  }
  const open = async (ciphertext: Uint8Array) =>
    Uint8Array.from((await hostB.decrypt({ ...key, ciphertext: Array.from(ciphertext) })).plaintext)
  return { shared: await open(encryptedLinkage), proof: await open(encryptedLinkageProof) }
}

/** A revelation by host A of whatever bytes. */
async function revealing(shared: Uint8Array, proof: Uint8Array): Promise<NamedLinkage> {
  const key = {
    protocolID: [2, 'counterparty linkage revelation'] as [2, string],
    keyID: '2026-01-01T00:00:00.000Z',
    counterparty: hostB.identityKey,
  }
  const seal = async (plaintext: Uint8Array) =>
    Uint8Array.from((await hostA.encrypt({ ...key, plaintext: Array.from(plaintext) })).ciphertext)
  const revelation: LinkageRevelation = {
    ...{ prover: hostA.identityKey, verifier: hostB.identityKey, counterparty: alice.identityKey },
    ...{ revelationTime: key.keyID, encryptedLinkage: await seal(shared), encryptedLinkageProof: await seal(proof) },
  }
  return { hash: bytesToHex(sha256(shared)), revelation }
}

describe('RequestVerifier', () => {
  let verifier: RequestVerifier
  beforeEach(() => {
    verifier = new RequestVerifier(hostB)
  })

  const check = (request: SignedRequest, linkage: NamedLinkage, sender = alice.identityKey, host = hostA.identityKey) =>
    verifier.verify(host, sender, request, linkage)

  it('takes the vector of docs/specs/propagate.md, which the SDK made', () => {
    const document = readFileSync(new URL('../../../docs/specs/propagate.md', import.meta.url), 'utf8')
    const vector = (name: string) => {
      const [, json] =
        /^```json\n(.*?)\n```$/ms.exec(document.slice(document.indexOf(`<!-- vector: ${name} -->`))) ?? []
      return JSON.parse(json ?? '') as Record<string, string>
    }
    const { proof, sender } = parsePropagateMessage(vector('request'))
    if (proof.kind !== 'brc94' || proof.linkage.revelation === null) expect.fail('another proof')
    expect(check(proof.request, proof.linkage, sender)).to.equal('valid')
    const shared = hostB.openLinkage(proof.linkage.revelation)
    expect(bytesToHex(shared ?? new Uint8Array(0))).to.equal(vector('request, opened')['sharedPoint'])
  })

  it('takes what the wallet of the SDK reveals and signs', async () => {
    const proto = (digits: string) => new ProtoWallet(PrivateKey.fromHex(digits.repeat(32)))
    const request = signedSend(alice, hostA.identityKey, body('hello'))
    const { protocolID, keyID } = messageKey(request.nonce, request.sessionNonce)
    const { signature } = await proto('11').createSignature({
      ...{ protocolID: [...protocolID], keyID, counterparty: hostA.identityKey, data: Array.from(request.payload) },
    })
    const revealed = await proto('22').revealCounterpartyKeyLinkage({
      counterparty: alice.identityKey,
      verifier: hostB.identityKey,
    })
    const revelation: LinkageRevelation = {
      ...{ prover: hostA.identityKey, verifier: hostB.identityKey, counterparty: alice.identityKey },
      revelationTime: revealed.revelationTime,
      encryptedLinkage: Uint8Array.from(revealed.encryptedLinkage),
      encryptedLinkageProof: Uint8Array.from(revealed.encryptedLinkageProof),
    }
    const signed = { ...request, signatureHex: bytesToHex(Uint8Array.from(signature)) }
    expect(check(signed, { hash: hostA.linkageName(alice.identityKey), revelation })).to.equal('valid')
  })

  it('remembers a linkage by its name, for the host that proved it and that sender alone', async () => {
    const { hash, revelation } = await named()
    const name = { hash, revelation: null }
    const request = signedSend(alice, hostA.identityKey, body('hello'))
    expect(check(request, name)).to.equal('unknown')
    expect(check(request, { hash, revelation })).to.equal('valid')
    expect(check(signedSend(alice, hostA.identityKey, body('again')), name)).to.equal('valid')
    expect(check(request, name, bob.identityKey)).to.equal('invalid')
    expect(check(request, name, alice.identityKey, otherHost.identityKey)).to.equal('unknown')
    expect(check(request, { hash: 'ab'.repeat(32), revelation: null })).to.equal('unknown')
  })

  it('remembers nothing of what does not verify', async () => {
    const request = signedSend(alice, hostA.identityKey, body('hello'))
    expect(check({ ...request, payload: request.payload.slice(1) }, await named())).to.equal('invalid')
    expect(verifier.size).to.equal(0)
  })

  it('forgets the oldest linkage of the host that has the most, when there are too many', async () => {
    const small = new RequestVerifier(hostB, { mostLinkages: 3 })
    const senders = ['a1', 'a2', 'a3', 'a4'].map(wallet)
    const learn = async (host: IdentityWallet, sender: IdentityWallet) => {
      const request = signedSend(sender, host.identityKey, body('hello'))
      return small.verify(host.identityKey, sender.identityKey, request, await named(host, sender.identityKey))
    }
    const knows = (host: IdentityWallet, sender: IdentityWallet) => {
      const request = signedSend(sender, host.identityKey, body('hello'))
      const name = { hash: host.linkageName(sender.identityKey), revelation: null }
      return small.verify(host.identityKey, sender.identityKey, request, name)
    }
    expect(await learn(otherHost, senders[0]!)).to.equal('valid')
    for (const sender of senders) await learn(hostA, sender)
    expect(small.size).to.equal(3)
    expect(knows(otherHost, senders[0]!)).to.equal('valid')
    expect(senders.map((sender) => knows(hostA, sender))).to.deep.equal(['unknown', 'unknown', 'valid', 'valid'])
  })

  const requests: [name: string, change: (request: SignedRequest) => SignedRequest][] = [
    ['another payload', (request) => ({ ...request, payload: Uint8Array.of(...request.payload, 32) })],
    ['another nonce', (request) => ({ ...request, nonce: 'AAAA' })],
    ['another session', (request) => ({ ...request, sessionNonce: 'AAAA' })],
    ['a key id that is too long', (request) => ({ ...request, sessionNonce: 'A'.repeat(801) })],
    ['no signature', (request) => ({ ...request, signatureHex: '' })],
    ['a signature of zeros', (request) => ({ ...request, signatureHex: '3006020100020100' })],
    ['a signature out of range', (request) => ({ ...request, signatureHex: `3026022100${order}020101` })],
    ['a signature that is no hexadecimal', (request) => ({ ...request, signatureHex: 'zz' })],
    ["another host's request", () => signedSend(alice, otherHost.identityKey, body('hello'))],
    ["another sender's request", () => signedSend(bob, hostA.identityKey, body('hello'))],
  ]
  for (const [name, change] of requests) {
    it(`refuses ${name}, with a linkage that is genuine`, async () => {
      const request = signedSend(alice, hostA.identityKey, body('hello'))
      expect(check(change(request), await named())).to.equal('invalid')
      expect(check(request, await named())).to.equal('valid')
      expect(check(change(request), { ...(await named()), revelation: null })).to.equal('invalid')
    })
  }

  const point = (hex: string) => hexToBytes(hex) ?? new Uint8Array(0)
  const linkages: [name: string, make: () => Promise<NamedLinkage>][] = [
    ["another host's linkage", () => named(otherHost)],
    [
      "another host's linkage under this host's name",
      async () => {
        const other = await named(otherHost)
        return { ...other, revelation: { ...other.revelation!, prover: hostA.identityKey } }
      },
    ],
    ["another sender's linkage", () => named(hostA, bob.identityKey)],
    [
      "another sender's linkage under this sender's name",
      async () => {
        const other = await named(hostA, bob.identityKey)
        return { ...other, revelation: { ...other.revelation!, counterparty: alice.identityKey } }
      },
    ],
    ['a linkage revealed to another host', () => named(hostA, alice.identityKey, otherHost)],
    [
      'a linkage revealed to another host under our name',
      async () => {
        const other = await named(hostA, alice.identityKey, otherHost)
        return { ...other, revelation: { ...other.revelation!, verifier: hostB.identityKey } }
      },
    ],
    ['a name of another linkage', async () => ({ ...(await named()), hash: 'ab'.repeat(32) })],
    ['the zero point', async () => revealing(new Uint8Array(33), (await opened()).proof)],
    ['no point', async () => revealing(point(`02${'0'.repeat(62)}05`), (await opened()).proof)],
    ['a coordinate out of range', async () => revealing(point(`02${'f'.repeat(64)}`), (await opened()).proof)],
    ['another point', async () => revealing(point(bob.identityKey), (await opened()).proof)],
    [
      'the same point negated',
      async () => {
        const { shared, proof } = await opened()
        return revealing(Uint8Array.of((shared[0] ?? 0) ^ 1, ...shared.subarray(1)), proof)
      },
    ],
    ['a short point', async () => revealing((await opened()).shared.subarray(0, 32), (await opened()).proof)],
    ['no proof', async () => revealing((await opened()).shared, Uint8Array.of(0))],
    ["the SDK's type 0, no proof", async () => revealing((await opened()).shared, Uint8Array.of(0, 0))],
  ]
  const proofs: [name: string, change: (proof: Uint8Array) => Uint8Array][] = [
    ['z of another number', (proof) => proof.map((byte, index) => (index === 80 ? byte ^ 1 : byte))],
    ['z of zero', (proof) => Uint8Array.of(...proof.subarray(0, 66), 0)],
    ['z of the order', (proof) => Uint8Array.of(...proof.subarray(0, 66), ...point(order))],
    ['z of 33 bytes', (proof) => Uint8Array.of(...proof.subarray(0, 66), 0, ...new Uint8Array(32).fill(1))],
    ['no z', (proof) => proof.subarray(0, 66)],
    ['R that is no point', (proof) => Uint8Array.of(...new Uint8Array(33), ...proof.subarray(33))],
    [
      "S' that is no point",
      (proof) => Uint8Array.of(...proof.subarray(0, 33), ...new Uint8Array(33), ...proof.subarray(66)),
    ],
    [
      "R and S' changed places",
      (proof) => Uint8Array.of(...proof.subarray(33, 66), ...proof.subarray(0, 33), ...proof.subarray(66)),
    ],
  ]
  for (const [name, change] of proofs) {
    linkages.push([
      `a proof with ${name}`,
      async () => {
        const { shared, proof } = await opened()
        return revealing(shared, change(proof))
      },
    ])
  }
  for (const [name, make] of linkages) {
    it(`refuses ${name}, with a request that is genuine`, async () => {
      expect(check(signedSend(alice, hostA.identityKey, body('hello')), await make())).to.equal('invalid')
      expect(verifier.size).to.equal(0)
    })
  }

  it('refuses senders that are no point', async () => {
    const noPoint = `02${'0'.repeat(62)}05` as IdentityKey
    const { revelation, hash } = await named()
    const linkage = { hash, revelation: { ...revelation!, counterparty: noPoint } }
    expect(check(signedSend(alice, hostA.identityKey, body('hello')), linkage, noPoint)).to.equal('invalid')
  })

  it('refuses 100 forgeries that the check of a bare linkage takes, with the genuine linkage beside them', async () => {
    const random = new SeededRandom(94)
    const genuine = signedSend(alice, hostA.identityKey, body('genuine'))
    const { shared } = await opened()
    const { protocolID, keyID } = messageKey(genuine.nonce, genuine.sessionNonce)
    const linkage = childTweak(shared, invoiceNumber(protocolID, keyID))
    const linkageOfHost = await named()
    expect(check(genuine, linkageOfHost)).to.equal('valid')
    for (let index = 0; index < 50; index += 1) {
      const { payload } = signedSend(
        bob,
        hostA.identityKey,
        body(`forged ${index} ${bytesToHex(Uint8Array.from(random.bytes(20)))}`),
      )
      const digest = sha256(payload)
      const signature = { signatureHex: genuine.signatureHex, digest: sha256(genuine.payload), linkage }
      for (const forgery of [
        forgeryFromSignature(signature, digest),
        forgeryFromKey(alice.identityKey, digest, random),
      ]) {
        expect(isTakenByBareCheck(alice.identityKey, digest, forgery), 'a forgery that works elsewhere').to.equal(true)
        const request = { ...genuine, payload, signatureHex: forgery.signatureHex }
        expect(check(request, linkageOfHost)).to.equal('invalid')
        expect(check(request, { hash: linkageOfHost.hash, revelation: null })).to.equal('invalid')
      }
    }
  })
})
