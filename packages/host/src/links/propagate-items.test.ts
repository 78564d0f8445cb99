import { nativeSignatureVerifier, nodeTransport, type NodeTransport } from '@overpost/auth'
import { signedSend } from '@overpost/auth/testing'
import type { Destination, Parcel } from '@overpost/core'
import type { BoxName, ForwardId, MessageId, RequestItemJson } from '@overpost/protocol'
import { expect } from 'chai'
import { nodeClock } from '../node-clock.ts'
import { aliceWallet, bobWallet, hostWallet, otherHostWallet } from '../testing/host-fixture.ts'
import { scriptedPeer, type Script, type ScriptedPeer } from '../testing/scripted-peer.ts'
import { HttpHostLink } from './http-host-link.ts'

const never = new AbortController().signal
const recipient = bobWallet.identityKey
const success = { status: 'success' } as const
const refusal = (code: string) => ({ status: 'error', code, description: '' })
type Item = Partial<Omit<RequestItemJson, 'proof'>> & { readonly proof: string }

function parcelFixture(id: number, sender = aliceWallet): Parcel {
  const body = { message: { recipient, messageBox: 'inbox', messageId: `m${id}`, body: 'hello' } }
  const request = { ...signedSend(sender, hostWallet.identityKey, body), hash: 'ab'.repeat(32) }
  return {
    ...{ id, forwardId: String(id).padStart(64, '0') as ForwardId, acceptedAtMs: 0, attempts: 0 },
    message: {
      ...{ recipient, box: 'inbox' as BoxName, sender: sender.identityKey, messageId: `m${id}` as MessageId },
      ...{ contentType: 'text/plain', body: 'hello', envelope: null, request },
    },
  }
}

describe('what other hosts are shown of senders without an envelope', () => {
  let transport: NodeTransport
  let prefersToVouch = false
  beforeEach(() => {
    transport = nodeTransport()
    prefersToVouch = false
  })
  afterEach(() => transport.close())

  const withPeer = async (
    script: Script,
    test: (send: (...ids: number[]) => Promise<unknown[]>, peer: ScriptedPeer) => Promise<void>,
  ) => {
    await using peer = await scriptedPeer(otherHostWallet, script)
    const link = new HttpHostLink({
      ...{ wallet: hostWallet, transport, clock: nodeClock, prefersToVouch: () => Promise.resolve(prefersToVouch) },
      ...{ verifier: nativeSignatureVerifier(), receiptsInvalid: () => undefined },
      options: { callTimeoutMs: 5_000, batchBytes: 100_000 },
    })
    const to: Destination = { hostKey: otherHostWallet.identityKey, origin: peer.origin }
    const send = async (...ids: number[]) => {
      const answer = await link.propagate(
        to,
        ids.map((id) => parcelFixture(id)),
        never,
      )
      if (answer.kind !== 'answered') expect.fail(answer.kind)
      return answer.answers.map((one) => (one.kind === 'stored' ? 'stored' : one.code))
    }
    await test(send, peer)
  }
  const itemsOf = (json: unknown) => (json as { messages?: Item[] }).messages ?? [json as Item]
  const shown = ({ calls }: ScriptedPeer) =>
    calls.map(({ json }) =>
      itemsOf(json).map(({ proof, revelation }) => (revelation === undefined ? proof : `${proof} revealed`)),
    )
  const results =
    (answer: (item: Item) => object): Script =>
    (path, json) => {
      const answers = itemsOf(json).map(answer)
      if (path === '/propagateMessages') return { status: 200, body: { ...success, results: answers } }
      const [one] = answers as { status: string; code?: string }[]
      const status = one?.code === undefined ? 200 : one.code === 'ERR_LINKAGE_UNKNOWN' ? 409 : 403
      return { status, body: one }
    }

  it('is the linkage until a host has taken something with it, then its name', () =>
    withPeer(
      results(() => success),
      async (send, peer) => {
        expect(await send(1, 2)).to.deep.equal(['stored', 'stored'])
        expect(await send(3)).to.deep.equal(['stored'])
        expect(shown(peer)).to.deep.equal([['brc94 revealed', 'brc94 revealed'], ['brc94']])
      },
    ))

  it('is the linkage again, at once and for those messages only, when a host has forgotten it', async () => {
    let hasForgotten = false
    const script = results(({ revelation, message }) =>
      hasForgotten && revelation === undefined && message?.messageId !== 'm4'
        ? refusal('ERR_LINKAGE_UNKNOWN')
        : success,
    )
    await withPeer(script, async (send, peer) => {
      await send(1)
      hasForgotten = true
      expect(await send(2)).to.deep.equal(['stored'])
      expect(await send(3, 4, 5)).to.deep.equal(['stored', 'stored', 'stored'])
      expect(shown(peer)).to.deep.equal([
        ...[['brc94 revealed'], ['brc94'], ['brc94 revealed']],
        ...[
          ['brc94', 'brc94', 'brc94'],
          ['brc94 revealed', 'brc94 revealed'],
        ],
      ])
    })
  })

  it('is no endless matter: a host that never learns is left for later', () =>
    withPeer(
      results(() => refusal('ERR_LINKAGE_UNKNOWN')),
      async (send, peer) => {
        expect(await send(1)).to.deep.equal(['ERR_LINKAGE_UNKNOWN'])
        expect(peer.calls).to.have.length(1)
      },
    ))

  it('is the word of the host where it prefers that, and the request where the word is refused', async () => {
    prefersToVouch = true
    const script = results(({ proof }) =>
      proof === 'host' ? refusal('ERR_SENDER_LINKAGE_VERIFICATION_FAILED') : success,
    )
    await withPeer(script, async (send, peer) => {
      expect(await send(1, 2)).to.deep.equal(['stored', 'stored'])
      expect(shown(peer)).to.deep.equal([
        ['host', 'host'],
        ['brc94 revealed', 'brc94 revealed'],
      ])
    })
  })

  it('is nothing more when the second call fails: the message waits', async () => {
    prefersToVouch = true
    const script: Script = (_, json) =>
      itemsOf(json)[0]?.proof === 'host'
        ? { status: 403, body: refusal('ERR_SENDER_LINKAGE_VERIFICATION_FAILED') }
        : { status: 503, body: refusal('ERR_UNAVAILABLE') }
    await withPeer(script, async (send) => {
      expect(await send(1)).to.deep.equal(['ERR_UNAVAILABLE'])
    })
  })
})
