import { expect } from 'chai'
import { spend, TestChain } from '../testing/test-chain.ts'
import { startTestNode, type TestNode } from '../testing/test-node.ts'
import { discoveryScript, phipScript, spendToken } from '../testing/test-tokens.ts'

describe('GET /events', () => {
  let chain: TestChain
  let node: TestNode
  beforeEach(async () => {
    chain = await TestChain.start()
    node = await startTestNode(chain, { limits: { feedWaiters: 2 } })
  })
  afterEach(async () => {
    await node[Symbol.asyncDispose]()
    await chain[Symbol.asyncDispose]()
  })

  it('gives the vectors of docs/specs/event-feed.md', async () => {
    const empty = await node.events('topic=tm_phip&wait=0')
    const { log } = empty
    expect(empty).to.deep.equal({ events: [], next: 0, log })
    expect(log).to.match(/^[0-9a-f]{32}$/)

    const T = await spend([chain.fund()], [await phipScript()])
    await node.submit(T)
    const S = await spendToken({ transaction: T, outputIndex: 0 })
    const txid = T.id('hex')
    const admit = { n: 1, kind: 'admit', txid, outputIndex: 0, beef: Buffer.from(T.toBEEF()).toString('base64') }
    expect(await node.events('topic=tm_phip&since=0')).to.deep.equal({ events: [admit], next: 1, log })

    await node.submit(S)
    const spent = { n: 2, kind: 'spend', txid, outputIndex: 0, beef: Buffer.from(S.toBEEF()).toString('base64') }
    expect(await node.events('topic=tm_phip&since=1')).to.deep.equal({ events: [spent], next: 2, log })
    expect(await node.events('topic=tm_phip&since=0&limit=1')).to.deep.equal({ events: [admit], next: 1, log })
    expect(await node.events('topic=tm_ship&since=0&wait=0')).to.deep.equal({ events: [], next: 0, log })
    expect(await node.events('topic=tm_phip&since=last')).to.deep.equal({ events: [], next: 2, log })
    expect(await node.events('topic=tm_phip&since=3')).to.include({ code: 'ERR_INVALID_CURSOR' })
    expect(await node.events(`topic=tm_phip&since=2&log=${'0'.repeat(32)}`)).to.include({ code: 'ERR_INVALID_CURSOR' })

    node = await node.restart()
    expect(await node.events(`topic=tm_phip&since=0&log=${log}`)).to.deep.equal({
      events: [admit, spent],
      next: 2,
      log,
    })
  })

  for (const query of [
    '',
    'topic=tm_other',
    'topic=tm_phip&since=-1',
    'topic=tm_phip&limit=0',
    'topic=tm_phip&limit=1001',
    'topic=tm_phip&wait=26',
    'topic=tm_phip&topic=tm_ship',
  ]) {
    it(`refuses ?${query}`, async () => {
      expect(await node.events(query)).to.include({ status: 'error', code: 'ERR_INVALID_PARAMETERS' })
    })
  }

  it('holds a request until there is news of its topic, and no longer', async () => {
    const waiting = node.events('topic=tm_phip&since=0')
    await node.submit(await spend([chain.fund()], [await discoveryScript('SHIP', 'tm_phip')]), ['tm_ship'])
    await node.submit(await spend([chain.fund()], [await phipScript()]))
    const { events, next } = await waiting
    expect(events.map(({ n }) => n)).to.deep.equal([2])
    expect(next).to.equal(2)
  })

  it('holds a bounded number of requests, and forgets those whose callers went away', async () => {
    const url = `${node.url}/events?topic=tm_phip`
    const gone = new AbortController()
    const held = [1, 2].map(() => fetch(url, { signal: gone.signal }).catch(() => null))
    await waiters(node, 2)
    const refused = await fetch(url)
    expect([refused.status, refused.headers.get('retry-after')]).to.deep.equal([503, '5'])
    gone.abort()
    await Promise.all(held)
    await waiters(node, 0)
  })

  it('answers all who wait when the node stops', async () => {
    const waiting = node.events('topic=tm_phip')
    await waiters(node, 1)
    const restarted = node.restart()
    expect((await waiting).events).to.deep.equal([])
    node = await restarted
  })
})

/** Resolves when the node says that so many feed requests wait. */
async function waiters(node: TestNode, count: number): Promise<void> {
  for (let tries = 0; tries < 1000; tries++) {
    const text = await (await fetch(`${node.url}/metrics`)).text()
    if (text.includes(`overlay_feed_waiters ${count}\n`)) return
  }
  throw new Error(`the node never had ${count} waiters`)
}
