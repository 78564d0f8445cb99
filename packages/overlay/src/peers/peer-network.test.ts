import { expect } from 'chai'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createOutgoing } from '../outgoing.ts'
import type { OverlayConfigInput } from '../config.ts'
import { freePort } from '../testing/free-port.ts'
import { stateOf } from '../testing/node-state.ts'
import { startStockNode } from '../testing/stock-node.ts'
import { spend, TestChain } from '../testing/test-chain.ts'
import { postSubmit, startTestNode, type TestNode } from '../testing/test-node.ts'
import { tellStory, type StoryPart } from '../testing/test-story.ts'
import { discoveryScript, identity, phipScript, spendToken, user } from '../testing/test-tokens.ts'

const allTopics = { 'X-Topics': '["tm_phip","tm_ship","tm_slap","tm_messagebox"]' }

describe('overlay nodes together', function () {
  this.timeout(60_000)
  let chain: TestChain
  const open: AsyncDisposable[] = []
  beforeEach(async () => {
    chain = await TestChain.start()
  })
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]()
    await chain[Symbol.asyncDispose]()
  })

  const track = <T extends AsyncDisposable>(one: T): T => {
    open.push(one)
    return one
  }
  const start = async (
    urls: string[],
    { port = 0, dataDir, ...peers }: { port?: number; dataDir?: string } & OverlayConfigInput['peers'] = {},
  ) => {
    const config = {
      listen: { port },
      development: true,
      peers: { urls, discover: false, syncMs: 1_000_000, retryMs: 50, ...peers },
    }
    return track(await startTestNode(chain, config, dataDir))
  }
  const stop = async (node: TestNode) => {
    open.splice(open.indexOf(node), 1)
    await node.node[Symbol.asyncDispose]() // the folder stays
  }
  const settle = (...nodes: TestNode[]) => Promise.all(nodes.map(({ node }) => node.peers.settle()))
  const submit = ({ beef }: StoryPart, { url }: TestNode) => postSubmit(url, beef, allTopics)
  const submitsTaken = async ({ url }: TestNode) => {
    const text = await (await fetch(`${url}/metrics`)).text()
    return Number(/overlay_request_seconds_count\{route="\/submit",status="200"\} (\d+)/.exec(text)?.[1] ?? 0)
  }

  it('pass admissions and spends on to each other, and nothing round in circles', async () => {
    const ports = [await freePort(), await freePort(), await freePort()]
    const urls = ports.map((port) => `http://127.0.0.1:${port}`)
    const nodes = await Promise.all(ports.map((port) => start(urls, { port })))
    const transaction = await spend([chain.fund()], [await phipScript()])
    await nodes[0]!.submit(transaction)
    await nodes[1]!.submit(await spendToken({ transaction, outputIndex: 0 }))
    for (let rounds = 0; rounds < 3; rounds++) await settle(...nodes)
    const counts = await Promise.all(nodes.map(submitsTaken))
    const [first, ...others] = await Promise.all(nodes.map(stateOf))
    expect(first).to.deep.equal([`tm_phip ${transaction.id('hex')}.0: spend`])
    for (const other of others) expect(other).to.deep.equal(first)
    for (let rounds = 0; rounds < 3; rounds++) await settle(...nodes)
    expect(await Promise.all(nodes.map(submitsTaken))).to.deep.equal(counts)
    for (const count of counts) expect(count).to.be.at.most(6) // 2 of ours, 2 from each of the others
  })

  it('keep what a peer did not take yet over a restart, and send it when the peer is back', async () => {
    const port = await freePort()
    const sender = await start([`http://127.0.0.1:${port}`])
    await sender.submit(await spend([chain.fund()], [await phipScript()]))
    await settle(sender)
    expect(sender.node.peers.standing).to.deep.equal({ known: 1, failing: 1 })
    await stop(sender)
    const receiver = await start([], { port })
    expect(await stateOf(receiver)).to.deep.equal([])
    const again = await start([receiver.url], { dataDir: sender.dataDir })
    await settle(again)
    expect(await stateOf(receiver)).to.deep.equal(await stateOf(again))
    expect(await stateOf(receiver)).to.have.length(1)
    const taken = await submitsTaken(receiver)
    await settle(again)
    expect(await submitsTaken(receiver)).to.equal(taken)
  })

  it('find each other by SHIP', async () => {
    const receiver = await start([])
    const sender = await start([], { discover: true })
    const advert = await spend([chain.fund()], [await discoveryScript('SHIP', 'tm_phip', { origin: receiver.url })])
    await sender.submit(advert, ['tm_ship'])
    await settle(sender)
    const transaction = await spend([chain.fund()], [await phipScript()])
    await sender.submit(transaction)
    await settle(sender)
    expect(await stateOf(receiver)).to.deep.equal([`tm_phip ${transaction.id('hex')}.0: admit`])
    await sender.submit(
      await spendToken({ transaction: advert, outputIndex: 0 }, undefined, 'service host interconnect'),
      ['tm_ship'],
    )
    await settle(sender)
    expect(sender.node.peers.standing.known).to.equal(0)
  })

  it('do not let SHIP tokens name more nodes than they may, nor the node itself', async () => {
    const node = await start([], { discover: true, most: 3, timeoutMs: 200 })
    const origins = [node.url, ...Array.from({ length: 6 }, (_, index) => `http://127.0.0.1:${index + 1}`)]
    const scripts = await Promise.all(origins.map((origin) => discoveryScript('SHIP', 'tm_phip', { origin })))
    await node.submit(await spend([chain.fund()], scripts), ['tm_ship'])
    await settle(node)
    expect(node.node.peers.standing.known).to.equal(3)
  })

  it('call addresses that others chose only where they are public, and by https', async () => {
    await using listener = track(await start([]))
    open.pop()
    const outgoing = createOutgoing({ development: false, ca: undefined })
    const request = { method: 'GET', headers: {}, body: null, signal: AbortSignal.timeout(5_000), maxAnswerBytes: 1000 }
    for (const url of [listener.url, listener.url.replace('http:', 'https:'), 'https://169.254.169.254']) {
      const refusal = await outgoing.chosenByOthers({ ...request, url }).catch((error: unknown) => error)
      expect(refusal, url).to.have.property('name', 'OutgoingRefused')
    }
    expect((await outgoing.chosenHere({ ...request, url: `${listener.url}/health/live` })).status).to.equal(200)
    outgoing.close()
  })

  it('agree, whatever the order in which they were told', async () => {
    const story = await tellStory(chain)
    let expected: string[] | null = null
    for (let seed = 1; seed <= 12; seed++) {
      const random = randomFrom(seed)
      const node = await start([])
      for (const forms of shuffled(story, random)) {
        const { status } = await submit(forms[Math.floor(random() * forms.length)]!, node)
        expect(status).to.equal(200)
      }
      const state = await stateOf(node)
      expected ??= state
      expect(state, `seed ${seed}`).to.deep.equal(expected)
      expect(state.filter((row) => row.endsWith('spend'))).to.have.length(8)
      await node[Symbol.asyncDispose]()
      open.splice(open.indexOf(node), 1)
    }
  })

  it('agree when each is told another part, in any order, and they tell each other', async () => {
    const story = await tellStory(chain)
    for (let seed = 1; seed <= 3; seed++) {
      const random = randomFrom(seed)
      const ports = [await freePort(), await freePort(), await freePort()]
      const urls = ports.map((port) => `http://127.0.0.1:${port}`)
      const nodes = await Promise.all(ports.map((port) => start(urls, { port })))
      for (const forms of shuffled(story, random)) {
        await submit(forms[Math.floor(random() * forms.length)]!, nodes[Math.floor(random() * nodes.length)]!)
      }
      for (let rounds = 0; rounds < 3; rounds++) await settle(...nodes)
      const [first, ...others] = await Promise.all(nodes.map(stateOf))
      expect(
        first!.filter((row) => row.endsWith('spend')),
        `seed ${seed}`,
      ).to.have.length(8)
      for (const other of others) expect(other, `seed ${seed}`).to.deep.equal(first)
      for (const node of nodes) {
        open.splice(open.indexOf(node), 1)
        await node[Symbol.asyncDispose]()
      }
    }
  })

  it('catch up after they were down through admissions and spends', async () => {
    const story = await tellStory(chain)
    const source = await start([])
    const sleeper = await start([source.url])
    for (const [form] of story.slice(0, 6)) await submit(form!, source)
    await settle(sleeper)
    expect(await stateOf(sleeper)).to.deep.equal(await stateOf(source))
    await stop(sleeper)
    for (const forms of story.slice(6)) await submit(forms.at(-1)!, source)
    const awake = await start([source.url], { dataDir: sleeper.dataDir })
    await settle(awake)
    expect(await stateOf(awake)).to.deep.equal(await stateOf(source))
  })

  it('read a feed from the start when the node there lost its log', async () => {
    const port = await freePort()
    const first = await start([], { port })
    const reader = await start([first.url])
    await first.submit(await spend([chain.fund()], [await phipScript()]))
    await settle(reader)
    await first[Symbol.asyncDispose]()
    open.splice(open.indexOf(first), 1)
    const second = await start([], { port })
    await fetch(`${second.url}/health/live`).catch(() => null) // on the connection to the first, which is gone
    await second.submit(await spend([chain.fund()], [await phipScript({ origin: 'https://other.example' })]))
    await settle(reader)
    expect(await stateOf(reader)).to.have.length(2)
  })

  it('take the live outputs of nodes without a feed by GASP, and give them theirs', async () => {
    const ours = await start([])
    const stock = track(await startStockNode('tm_phip', ours.node.engine.managers['tm_phip']!))
    const parent = await spend([chain.fund()], [], [5000])
    const unmined = await spend([{ transaction: parent, outputIndex: 0 }], [await phipScript()])
    const mined = await spend([chain.fund()], [await phipScript({ host: identity(0x41) })])
    chain.mine(mined)
    const spent = await spend([chain.fund()], [await phipScript({ host: identity(0x42) })])
    for (const transaction of [unmined, mined, spent]) await stock.submit(transaction)
    await stock.submit(await spendToken({ transaction: spent, outputIndex: 0 }, identity(0x42)))

    const reader = await start([stock.url])
    await settle(reader)
    const live = [unmined, mined].map((transaction) => `${transaction.id('hex')}.0`)
    expect(await stateOf(reader)).to.have.members(live.map((outpoint) => `tm_phip ${outpoint}: admit`))
    expect(reader.node.store.cursors.get(stock.url, 'tm_phip', 'gasp')).to.include({ n: 2 })
    await stock.submit(await spend([chain.fund()], [await phipScript({ host: identity(0x43) })]))
    await settle(reader)
    expect(await stateOf(reader)).to.have.length(3)

    const taker = track(await startStockNode('tm_phip', ours.node.engine.managers['tm_phip']!))
    await taker.syncFrom(reader.url)
    expect(taker.live()).to.have.members(stock.live())
  })

  describe('with a node that lies', () => {
    const log = 'ab'.repeat(16)
    const liar = async (answer: (url: URL) => unknown) => {
      const server = createServer((request, response) => {
        const body = answer(new URL(request.url ?? '', 'http://liar'))
        response.writeHead(body === null ? 404 : 200, { 'Content-Type': 'application/json' }).end(JSON.stringify(body))
      })
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
      track({
        [Symbol.asyncDispose]: async () => {
          server.closeAllConnections()
          await new Promise((resolve) => server.close(resolve))
        },
      })
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    }
    const isFeed = (url: URL) => url.pathname === '/events' && url.searchParams.get('topic') === 'tm_phip'
    const txid = '11'.repeat(32)

    it('take what verifies, and leave the rest out', async () => {
      const good = await spend([chain.fund()], [await phipScript()])
      const forged = await spend([chain.fund()], [await phipScript()])
      forged.outputs[1]!.satoshis = 999 // the signature was over 1000
      const beefs = [Uint8Array.of(1, 2, 3), Uint8Array.from(forged.toBEEF()), Uint8Array.from(good.toBEEF())]
      const kinds = ['admit', 'spend', 'admit', 'surprise', 'evict']
      const events = kinds.map((kind, index) => ({
        n: index + 1,
        kind,
        txid,
        outputIndex: 0,
        beef: Buffer.from(beefs[Math.min(index, 2)]!).toString('base64'),
      }))
      const url = await liar((asked) => {
        if (!isFeed(asked)) return asked.pathname === '/events' ? { events: [], next: 0, log } : null
        return { events: asked.searchParams.get('since') === '0' ? events : [], next: 5, log }
      })
      const node = await start([url])
      await settle(node)
      expect(await stateOf(node)).to.deep.equal([`tm_phip ${good.id('hex')}.0: admit`])
      expect(await node.lookup('ls_phip', { user: user.identityKey })).to.have.length(1)
      expect(node.node.store.cursors.get(url, 'tm_phip', 'feed')).to.deep.equal({ n: 5, log })
    })

    const lies: { name: string; answer: (url: URL) => unknown }[] = [
      {
        name: 'numbers that do not grow',
        answer: () => ({ events: [1, 1].map((n) => ({ n, kind: 'x', txid, beef: '' })), next: 1, log }),
      },
      { name: 'a log that changes each time', answer: () => ({ events: [], next: 0, log: String(Math.random()) }) },
      { name: 'an answer of another form', answer: () => ({ events: 'many' }) },
      {
        name: 'more events than were asked for',
        answer: () => ({
          events: Array.from({ length: 500 }, () => ({ n: 1, kind: 'x', txid, beef: '' })),
          next: 1,
          log,
        }),
      },
      { name: 'cursors that never fit', answer: () => ({ status: 'error', code: 'ERR_INVALID_CURSOR' }) },
    ]
    for (const { name, answer } of lies) {
      it(`come to an end: ${name}`, async () => {
        const node = await start([await liar(answer)])
        await settle(node)
        expect(await stateOf(node)).to.deep.equal([])
      })
    }

    it('come to an end: a graph without end', async () => {
      const deep = await spend([chain.fund()], [await phipScript()])
      const url = await liar((asked) => {
        if (asked.pathname === '/requestSyncResponse') {
          return { UTXOList: [{ txid: deep.id('hex'), outputIndex: 0, score: 7 }], since: 0 }
        }
        return asked.pathname === '/requestForeignGASPNode'
          ? { graphID: '', rawTx: deep.toHex(), outputIndex: 0 }
          : null
      })
      const node = await start([url])
      await settle(node)
      expect(await stateOf(node)).to.deep.equal([])
      expect(node.node.store.cursors.get(url, 'tm_phip', 'gasp')).to.include({ n: 7 })
    })
  })
})

/** A small generator (mulberry32): the same seed, the same order. */
function randomFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

function shuffled<T>(list: readonly T[], random: () => number): T[] {
  return list
    .map((item) => ({ item, at: random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}
