import { createServer } from 'node:http'
import { nativeSignatureVerifier, type NodeTransport } from '@overpost/auth'
import type { Destination, Parcel } from '@overpost/core'
import type { BoxName, ForwardId, HostOrigin, MessageId } from '@overpost/protocol'
import { expect } from 'chai'
import { nodeClock } from '../node-clock.ts'
import { aliceWallet, bobWallet, hostWallet, otherHostWallet, walletFixture } from '../testing/host-fixture.ts'
import { bind, scriptedPeer, unbind, type Script, type ScriptedPeer } from '../testing/scripted-peer.ts'
import { HttpHostLink } from './http-host-link.ts'
import { outgoingTransport } from './outgoing.ts'

const never = new AbortController().signal
const verifier = nativeSignatureVerifier()
let invalid: { destination: Destination; receipts: number }[] = []
const hostKey = otherHostWallet.identityKey

function parcelFixture(id: number, body = 'hello'): Parcel {
  return {
    id,
    message: {
      recipient: bobWallet.identityKey,
      box: 'inbox' as BoxName,
      sender: aliceWallet.identityKey,
      messageId: `m${id}` as MessageId,
      contentType: 'text/plain',
      body,
      envelope: { timestampMs: 1_700_000_000_000, signatureHex: '30ab', hash: 'ab'.repeat(32) },
      request: null,
    },
    forwardId: '0'.repeat(64) as ForwardId,
    acceptedAtMs: 0,
    attempts: 0,
  }
}

describe('HttpHostLink', () => {
  let transport: NodeTransport
  beforeEach(() => {
    invalid = []
    transport = outgoingTransport({ development: true })
  })
  afterEach(() => transport.close())

  const linkFixture = (options: { callTimeoutMs?: number } = {}) =>
    new HttpHostLink({
      wallet: hostWallet,
      transport,
      prefersToVouch: () => Promise.resolve(false),
      clock: nodeClock,
      verifier,
      receiptsInvalid: (event) => invalid.push(event),
      options: { callTimeoutMs: 5_000, batchBytes: 100_000, ...options },
    })
  const withPeer = async (script: Script, test: (peer: ScriptedPeer, to: Destination) => Promise<void>) => {
    await using peer = await scriptedPeer(otherHostWallet, script)
    await test(peer, { hostKey, origin: peer.origin })
  }

  it('hands parcels over in one call, and one alone by itself', () =>
    withPeer(
      (path) => ({
        status: 200,
        body:
          path === '/propagateMessages'
            ? {
                status: 'success',
                results: [
                  { status: 'success' },
                  { status: 'success', duplicate: true },
                  { status: 'error', code: 'ERR_RECIPIENT_NOT_HOSTED', description: '' },
                  { status: 'error', code: 'ERR_OF_A_LATER_VERSION', description: '' },
                ],
              }
            : { status: 'success' },
      }),
      async (peer, to) => {
        const link = linkFixture()
        expect(
          await link.propagate(
            to,
            [1, 2, 3, 4].map((id) => parcelFixture(id)),
            never,
          ),
        ).to.deep.equal({
          kind: 'answered',
          answers: [
            { kind: 'stored', duplicate: false, receipt: null },
            { kind: 'stored', duplicate: true, receipt: null },
            { kind: 'refused', status: 404, code: 'ERR_RECIPIENT_NOT_HOSTED' },
            { kind: 'refused', status: 500, code: 'ERR_OF_A_LATER_VERSION' },
          ],
        })
        expect(await link.propagate(to, [parcelFixture(5)], never)).to.deep.equal({
          kind: 'answered',
          answers: [{ kind: 'stored', duplicate: false, receipt: null }],
        })
        expect(peer.calls.map(({ path }) => path)).to.deep.equal(['/propagateMessages', '/propagateMessage'])
        expect(peer.calls[1]).to.deep.include({
          caller: hostWallet.identityKey,
          json: {
            originalSender: aliceWallet.identityKey,
            proof: 'envelope',
            signedMessage: { recipient: bobWallet.identityKey, messageBox: 'inbox', messageId: 'm5', body: 'hello' },
            timestamp: 1_700_000_000_000,
            senderSignature: '30ab',
            forwardId: '0'.repeat(64),
          },
        })
      },
    ))

  it('goes one by one to a host without batches, and remembers that', () =>
    withPeer(
      (path) =>
        path === '/propagateMessage'
          ? { status: 200, body: { status: 'success' } }
          : { status: 404, body: { status: 'error', code: 'ERR_NOT_FOUND', description: '' } },
      async (peer, to) => {
        const link = linkFixture()
        const parcels = [parcelFixture(1), parcelFixture(2)]
        for (let round = 0; round < 2; round += 1) {
          const answer = await link.propagate(to, parcels, never)
          expect(answer).to.have.property('answers').with.length(2)
        }
        expect(peer.calls.map(({ path }) => path)).to.deep.equal([
          '/propagateMessages',
          ...Array<string>(4).fill('/propagateMessage'),
        ])
      },
    ))

  it('keeps the answers that came when a later one of single calls fails', () => {
    let calls = 0
    return withPeer(
      (path) => {
        if (path === '/propagateMessages') return { status: 405, body: {} }
        calls += 1
        return calls === 1 ? { status: 200, body: { status: 'success' } } : { status: 503, body: {} }
      },
      async (_, to) => {
        expect(await linkFixture().propagate(to, [parcelFixture(1), parcelFixture(2)], never)).to.deep.equal({
          kind: 'answered',
          answers: [{ kind: 'stored', duplicate: false, receipt: null }],
        })
      },
    )
  })

  const error = (code: string) => ({ status: 'error', code, description: '' })
  const answers: { name: string; parcels: number; answer: Awaited<ReturnType<Script>>; outcome: unknown }[] = [
    {
      name: 'a refusal of one message',
      parcels: 1,
      answer: { status: 403, body: error('ERR_DELIVERY_BLOCKED') },
      outcome: { kind: 'answered', answers: [{ kind: 'refused', status: 403, code: 'ERR_DELIVERY_BLOCKED' }] },
    },
    {
      name: 'not hosted there',
      parcels: 1,
      answer: { status: 404, body: error('ERR_RECIPIENT_NOT_HOSTED') },
      outcome: { kind: 'answered', answers: [{ kind: 'refused', status: 404, code: 'ERR_RECIPIENT_NOT_HOSTED' }] },
    },
    {
      name: 'no such route at all',
      parcels: 1,
      answer: { status: 404, body: 'nothing here' },
      outcome: { kind: 'refused', status: 404, code: 'status 404', retryAfterMs: null },
    },
    {
      name: 'a full mailbox, which says nothing of other recipients',
      parcels: 1,
      answer: { status: 429, body: error('ERR_QUOTA_EXCEEDED') },
      outcome: { kind: 'answered', answers: [{ kind: 'refused', status: 429, code: 'ERR_QUOTA_EXCEEDED' }] },
    },
    {
      name: 'busy, come again',
      parcels: 2,
      answer: { status: 429, body: error('ERR_RATE_LIMITED'), headers: { 'retry-after': '7' } },
      outcome: { kind: 'refused', status: 429, code: 'ERR_RATE_LIMITED', retryAfterMs: 7_000 },
    },
    {
      name: 'a fault of the other host',
      parcels: 2,
      answer: { status: 500, body: error('ERR_INTERNAL') },
      outcome: { kind: 'refused', status: 500, code: 'ERR_INTERNAL', retryAfterMs: null },
    },
    {
      name: 'a batch refused as a whole',
      parcels: 2,
      answer: { status: 400, body: error('ERR_INVALID_PARAMETERS') },
      outcome: { kind: 'refused', status: 400, code: 'ERR_INVALID_PARAMETERS', retryAfterMs: null },
    },
    {
      name: 'fewer results than messages',
      parcels: 2,
      answer: { status: 200, body: { status: 'success', results: [{ status: 'success' }] } },
      outcome: { kind: 'unreachable', reason: 'a malformed answer' },
    },
    {
      name: 'no JSON',
      parcels: 1,
      answer: { status: 200, body: 'stored!' },
      outcome: { kind: 'unreachable', reason: 'a malformed answer' },
    },
    {
      name: 'an answer without end',
      parcels: 1,
      answer: { status: 200, body: { status: 'success', padding: 'x'.repeat(200_000) } },
      outcome: { kind: 'unreachable', reason: 'The answer has more than 17408 bytes' },
    },
  ]
  for (const { name, parcels, answer, outcome } of answers) {
    it(`tells what became of a call: ${name}`, () =>
      withPeer(
        () => answer,
        async (_, to) => {
          const batch = Array.from({ length: parcels }, (_, id) => parcelFixture(id))
          expect(await linkFixture().propagate(to, batch, never)).to.deep.equal(outcome)
        },
      ))
  }

  it('makes no call for a batch that is too large as a whole', () =>
    withPeer(
      () => ({ status: 200, body: {} }),
      async (peer, to) => {
        const parcels = [parcelFixture(1, 'x'.repeat(60_000)), parcelFixture(2, 'x'.repeat(60_000))]
        expect(await linkFixture().propagate(to, parcels, never)).to.include({ kind: 'refused', status: 413 })
        expect(peer.calls).to.deep.equal([])
      },
    ))

  it('gives nothing to a host with another key', () =>
    withPeer(
      () => ({ status: 200, body: { status: 'success' } }),
      async (peer, { origin }) => {
        const to = { origin, hostKey: walletFixture('55').identityKey }
        expect(await linkFixture().propagate(to, [parcelFixture(1)], never)).to.have.property('kind', 'unreachable')
        expect(peer.calls).to.deep.equal([])
      },
    ))

  it('ends within its deadline, and at once when it is told to stop', () =>
    withPeer(
      () => new Promise(() => undefined),
      async (_, to) => {
        expect(await linkFixture({ callTimeoutMs: 200 }).propagate(to, [parcelFixture(1)], never)).to.deep.equal({
          kind: 'unreachable',
          reason: 'no answer in time',
        })
        const stop = new AbortController()
        const call = linkFixture().propagate(to, [parcelFixture(1)], stop.signal)
        stop.abort()
        expect(await call).to.have.property('kind', 'unreachable')
      },
    ))

  it('tries again by itself when a connection breaks, and only then', async () => {
    let connections = 0
    const server = createServer((_, response) => {
      connections += 1
      response.socket?.resetAndDestroy()
    })
    const origin = await bind(server)
    expect(await linkFixture().propagate({ hostKey, origin }, [parcelFixture(1)], never)).to.deep.equal({
      kind: 'unreachable',
      reason: 'ECONNRESET',
    })
    expect(connections).to.equal(3)
    await unbind(server)
  })

  it('calls no http:// address outside development', async () => {
    const secure = outgoingTransport({ development: false })
    const link = new HttpHostLink({
      wallet: hostWallet,
      transport: secure,
      prefersToVouch: () => Promise.resolve(false),
      clock: nodeClock,
      verifier,
      receiptsInvalid: (event) => invalid.push(event),
      options: { callTimeoutMs: 1_000, batchBytes: 1_000 },
    })
    const origin = 'http://127.0.0.1:9' as HostOrigin
    const answer = await link.propagate({ hostKey, origin }, [parcelFixture(1)], never)
    expect(answer).to.deep.equal({ kind: 'unreachable', reason: 'The address is not called: http: is not called' })
    secure.close()
  })
})
