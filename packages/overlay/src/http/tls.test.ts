import { fetchOver, nodeTransport } from '@overpost/auth'
import { testAuthority, type TestAuthority } from '@overpost/auth/testing'
import { expect } from 'chai'
import { overlayConfigSchema } from '../config.ts'
import { httpOverlayPeer } from '../overlay-peer.ts'
import { ownWay } from '../own-way.ts'
import { TestChain } from '../testing/test-chain.ts'
import { startTestNode, type TestNode } from '../testing/test-node.ts'

describe('an overlay node that serves HTTPS', () => {
  let authority: TestAuthority
  let tls: { cert: string; key: string }
  let chain: TestChain
  let node: TestNode
  before(async () => {
    authority = await testAuthority()
    tls = await authority.issue('overlay.test')
    chain = await TestChain.start()
    node = await startTestNode(chain, { tls, outgoing: { ca: authority.caFile }, publicUrl: 'https://overlay.test' })
  })
  after(async () => {
    await node[Symbol.asyncDispose]()
    await chain[Symbol.asyncDispose]()
    await authority[Symbol.asyncDispose]()
  })

  it('reaches itself where it listens, by its public name', async () => {
    expect(node.url).to.match(/^https:\/\/127\.0\.0\.1:\d+$/)
    const way = ownWay(node.url, { publicUrl: 'https://overlay.test', ca: authority.ca })
    expect(new URL(way.url).hostname).to.equal('overlay.test')
    expect((await way.fetch(`${way.url}/health/live`)).status).to.equal(200)
    const peer = httpOverlayPeer(way.url, way.fetch)
    const origin = 'https://overlay.test' as Parameters<typeof peer.knownAdverts>[1]
    const key = `02${'1'.repeat(64)}` as Parameters<typeof peer.knownAdverts>[0]
    expect(await peer.knownAdverts(key, origin)).to.deep.equal([])
    way.close()
  })

  it('is refused by who asks for another name, or does not know its authority', async () => {
    const bounds = { mostMs: 5_000, maxAnswerBytes: 1_000 }
    const knowing = nodeTransport({ ca: authority.ca })
    for (const call of [fetchOver(knowing, bounds), fetch]) {
      expect(await call(`${node.url}/health/live`).catch(() => 'refused')).to.equal('refused')
    }
    const other = ownWay(node.url, { publicUrl: 'https://other.test', ca: authority.ca })
    expect(await other.fetch(`${other.url}/health/live`).catch(() => 'refused')).to.equal('refused')
    knowing.close()
    other.close()
  })

  it('is not configured with half a pair', () => {
    const headers = { url: 'https://headers.example' }
    for (const half of [{ cert: tls.cert }, { key: tls.key }]) {
      const { error } = overlayConfigSchema.safeParse({ headers, tls: half })
      expect(error?.issues.map(({ path }) => path.join('.'))).to.deep.equal(['cert' in half ? 'tls.key' : 'tls.cert'])
    }
  })
})
