import {
  Beef,
  HTTPSOverlayBroadcastFacilitator,
  HTTPSOverlayLookupFacilitator,
  LookupResolver,
  MerklePath,
  TopicBroadcaster,
  Transaction,
} from '@bsv/sdk'
import { expect } from 'chai'
import { fundingLock, spend, TestChain } from '../testing/test-chain.ts'
import { postSubmit, startTestNode, type TestNode } from '../testing/test-node.ts'
import { discoveryScript, host, identity, phipScript, spendToken, user } from '../testing/test-tokens.ts'

describe('the HTTP surface', () => {
  let chain: TestChain
  let node: TestNode
  beforeEach(async () => {
    chain = await TestChain.start()
    node = await startTestNode(chain, { development: true, arc: { url: chain.url } })
  })
  afterEach(async () => {
    await node[Symbol.asyncDispose]()
    await chain[Symbol.asyncDispose]()
  })

  const post = async (path: string, body: unknown, headers: Record<string, string> = {}) => {
    const response = await fetch(`${node.url}${path}`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    })
    return {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    }
  }

  it("serves the SDK's broadcaster and resolver, found through SHIP and SLAP", async () => {
    const scripts = [
      await discoveryScript('SHIP', 'tm_phip', { origin: node.url }),
      await discoveryScript('SLAP', 'ls_phip', { origin: node.url }),
      await discoveryScript('SLAP', 'ls_ship', { origin: node.url }),
    ]
    await node.submit(await spend([chain.fund()], scripts), ['tm_ship', 'tm_slap'])
    const resolver = new LookupResolver({
      slapTrackers: [node.url],
      facilitator: new HTTPSOverlayLookupFacilitator(fetch, true),
      reputationStorage: { get: () => null, set: () => undefined },
    })
    const facilitator = new HTTPSOverlayBroadcastFacilitator(fetch, true)
    const broadcaster = new TopicBroadcaster(['tm_phip'], { resolver, facilitator })
    const transaction = await spend([chain.fund()], [await phipScript()])
    for (const time of ['first', 'again']) {
      expect(await broadcaster.broadcast(transaction), time).to.include({
        status: 'success',
        txid: transaction.id('hex'),
      })
    }
    const { outputs } = await resolver.query({ service: 'ls_phip', query: { recipient: user.identityKey } })
    expect(outputs.map(({ beef }) => Transaction.fromBEEF(beef).id('hex'))).to.deep.equal([transaction.id('hex')])
  })

  it('answers one lookup in both forms, the same outputs in the same order', async () => {
    const scripts = await Promise.all(['a', 'b', 'c'].map((name) => phipScript({ origin: `https://${name}.example` })))
    const [first, ...rest] = scripts
    const transaction = await spend([chain.fund()], [first!, ...rest])
    await node.submit(transaction)
    const spender = await spendToken({ transaction, outputIndex: 1 })
    await node.submit(spender)
    const question = { service: 'ls_phip', query: { user: user.identityKey, includeSpent: true } }
    const json = await post('/lookup', question)
    const outputs = json.body['outputs'] as { beef: number[]; outputIndex: number; context?: number[] }[]
    expect(
      outputs.map(({ outputIndex, context }) => [
        outputIndex,
        context === undefined ? null : Transaction.fromBEEF(context).id('hex'),
      ]),
    ).to.deep.equal([
      [2, null],
      [1, spender.id('hex')],
      [0, null],
    ])
    const binary = await new HTTPSOverlayLookupFacilitator(fetch, true).lookup(node.url, question)
    expect(binary.outputs.map(({ outputIndex, context }) => ({ outputIndex, context }))).to.deep.equal(
      outputs.map(({ outputIndex, context }) => ({ outputIndex, context })),
    )
    for (const { beef } of binary.outputs) expect(await Transaction.fromBEEF(beef).verify(tracker())).to.equal(true)
    const response = await fetch(`${node.url}/lookup`, {
      method: 'POST',
      headers: { 'X-Aggregation': 'yes' },
      body: JSON.stringify(question),
    })
    expect(response.headers.get('content-type')).to.equal('application/octet-stream')
    const bytes = Buffer.from(await response.arrayBuffer())
    expect(bytes[0]).to.equal(3)
    expect(bytes.subarray(1, 33).toString('hex')).to.equal(transaction.id('hex'))
  })

  const tracker = () => ({
    isValidRootForHeight: (root: string, height: number) => Promise.resolve(chain.roots.get(height) === root),
    currentHeight: () => Promise.resolve(0),
  })

  it('takes off-chain values beside the BEEF', async () => {
    const transaction = await spend([chain.fund()], [await phipScript()])
    const facilitator = new HTTPSOverlayBroadcastFacilitator(fetch, true)
    const steak = await facilitator.send(node.url, {
      beef: transaction.toBEEF(),
      topics: ['tm_phip'],
      offChainValues: [1, 2, 3],
    })
    expect(steak['tm_phip']?.outputsToAdmit).to.deep.equal([0])
  })

  const badSubmits: { name: string; headers: Record<string, string>; code: string }[] = [
    { name: 'no topics', headers: { 'X-Topics': '' }, code: 'ERR_INVALID_PARAMETERS' },
    { name: 'topics that are no JSON', headers: { 'X-Topics': 'tm_phip' }, code: 'ERR_INVALID_PARAMETERS' },
    { name: 'topics that are no strings', headers: { 'X-Topics': '[1]' }, code: 'ERR_INVALID_PARAMETERS' },
    { name: 'an empty list of topics', headers: { 'X-Topics': '[]' }, code: 'ERR_INVALID_PARAMETERS' },
    { name: 'another content type', headers: { 'Content-Type': 'application/json' }, code: 'ERR_INVALID_REQUEST' },
    {
      name: 'off-chain values whose length lies',
      headers: { 'x-includes-off-chain-values': 'true' },
      code: 'ERR_INVALID_PARAMETERS',
    },
  ]
  for (const { name, headers, code } of badSubmits) {
    it(`refuses a submit with ${name}`, async () => {
      const { status, body } = await postSubmit(node.url, Uint8Array.of(0xfd, 0xff, 0xff, 1), headers)
      expect(status).to.equal(400)
      expect(body).to.include({ status: 'error', code }).and.to.have.property('description')
    })
  }

  it('refuses a body that is too large, said beforehand or not', async () => {
    await node[Symbol.asyncDispose]()
    node = await startTestNode(chain, { limits: { bodyBytes: 1000 } })
    expect((await postSubmit(node.url, new Uint8Array(1001))).body['code']).to.equal('ERR_BODY_TOO_LARGE')
    const chunks = new ReadableStream<Uint8Array>({
      start(controller) {
        for (let index = 0; index < 3; index++) controller.enqueue(new Uint8Array(400))
        controller.close()
      },
    })
    const init = {
      method: 'POST',
      headers: { 'Content-Type': 'application/octet-stream', 'X-Topics': '["tm_phip"]' },
      body: chunks,
      duplex: 'half',
    } as RequestInit
    expect((await fetch(`${node.url}/submit`, init)).status).to.equal(413)
  })

  const key = host.identityKey
  const badLookups: { name: string; body: unknown }[] = [
    { name: 'no JSON', body: '{' },
    { name: 'no query', body: { service: 'ls_phip' } },
    { name: 'no service', body: { query: {} } },
    { name: 'an unknown service', body: { service: 'ls_other', query: {} } },
    { name: 'the name of a property of all objects', body: { service: 'constructor', query: {} } },
    { name: 'a word for ls_phip', body: { service: 'ls_phip', query: 'findAll' } },
    { name: 'an object for a key', body: { service: 'ls_phip', query: { recipient: { $ne: '' } } } },
    { name: 'an object in an unknown field', body: { service: 'ls_phip', query: { recipient: key, $where: {} } } },
    { name: 'no key', body: { service: 'ls_phip', query: { recipient: 'bob' } } },
    { name: 'keys that disagree', body: { service: 'ls_phip', query: { recipient: key, user: user.identityKey } } },
    { name: 'a limit above 100', body: { service: 'ls_phip', query: { recipient: key, limit: 101 } } },
    { name: 'a limit of the wrong type', body: { service: 'ls_phip', query: { recipient: key, limit: '5' } } },
    { name: 'a negative skip', body: { service: 'ls_phip', query: { recipient: key, skip: -1 } } },
    { name: 'includeSpent as a word', body: { service: 'ls_phip', query: { recipient: key, includeSpent: 'true' } } },
    { name: 'a domain that is none', body: { service: 'ls_phip', query: { domain: 'https://a.example/path' } } },
    { name: 'nothing to look for', body: { service: 'ls_ship', query: {} } },
    { name: 'another word than findAll', body: { service: 'ls_slap', query: 'all' } },
    { name: 'topics as a word', body: { service: 'ls_ship', query: { topics: 'tm_phip' } } },
    { name: 'objects as topics', body: { service: 'ls_ship', query: { topics: [{}] } } },
  ]
  for (const { name, body } of badLookups) {
    it(`refuses a lookup with ${name}`, async () => {
      const answer = await post('/lookup', body)
      expect(answer.status).to.equal(400)
      expect(answer.body).to.include({ status: 'error' }).and.to.include.keys('message', 'code', 'description')
    })
  }

  it('finds PHIP tokens by each condition, newest first, page by page', async () => {
    const at = async (by: number, of: number, origin: string) =>
      phipScript({ host: identity(by), user: identity(of), origin })
    const scripts = [
      await at(0x41, 0x51, 'https://one.example'),
      await at(0x41, 0x52, 'https://one.example'),
      await at(0x42, 0x51, 'two.example'),
    ]
    const txid = (await spendAndSubmit(scripts)).id('hex')
    const find = async (query: Record<string, unknown>) =>
      (await node.lookup('ls_phip', query)).map(({ outpoint }) => Number(outpoint.replace(`${txid}.`, '')))
    const userKey = identity(0x51).identityKey
    expect(await find({ recipient: userKey })).to.deep.equal([2, 0])
    expect(await find({ user: userKey.toUpperCase(), identityKey: userKey })).to.deep.equal([2, 0])
    expect(await find({ hostKey: identity(0x41).identityKey })).to.deep.equal([1, 0])
    expect(await find({ domain: 'https://two.example' })).to.deep.equal([2])
    expect(await find({ domain: 'one.example', user: userKey })).to.deep.equal([0])
    expect(await find({ user: userKey, limit: 1 })).to.deep.equal([2])
    expect(await find({ user: userKey, limit: 1, skip: 1 })).to.deep.equal([0])
    expect(await find({})).to.deep.equal([2, 1, 0])
  })

  const spendAndSubmit = async (scripts: Uint8Array[], topics?: string[]) => {
    const transaction = await spend([chain.fund()], scripts)
    await node.submit(transaction, topics)
    return transaction
  }

  it('finds SHIP and SLAP tokens by each condition', async () => {
    const other = { by: identity(0x41), origin: 'https://other.example' }
    const scripts = [
      await discoveryScript('SHIP', 'tm_phip'),
      await discoveryScript('SHIP', 'tm_other', other),
      await discoveryScript('SLAP', 'ls_phip'),
    ]
    const txid = (await spendAndSubmit(scripts, ['tm_ship', 'tm_slap'])).id('hex')
    const find = async (service: string, query: unknown) =>
      (await node.lookup(service, query)).map(({ outpoint }) => Number(outpoint.replace(`${txid}.`, '')))
    expect(await find('ls_ship', 'findAll')).to.deep.equal([1, 0])
    expect(await find('ls_ship', { findAll: true, sortOrder: 'asc' })).to.deep.equal([0, 1])
    expect(await find('ls_ship', { topics: ['tm_phip'] })).to.deep.equal([0])
    expect(await find('ls_ship', { topics: ['tm_phip', 'tm_other'], limit: 1 })).to.deep.equal([1])
    expect(await find('ls_ship', { domain: other.origin })).to.deep.equal([1])
    expect(await find('ls_ship', { identityKey: host.identityKey })).to.deep.equal([0])
    expect(await find('ls_slap', { service: 'ls_phip' })).to.deep.equal([2])
    expect(await find('ls_slap', { service: 'ls_none' })).to.deep.equal([])
  })

  it('still finds a second token that says the same when the first is spent', async () => {
    const script = await discoveryScript('SHIP', 'tm_phip')
    const [first, second] = [await spendAndSubmit([script], ['tm_ship']), await spendAndSubmit([script], ['tm_ship'])]
    expect(await node.lookup('ls_ship', 'findAll')).to.have.length(1)
    const spender = await spendToken({ transaction: first, outputIndex: 0 }, host, 'service host interconnect')
    await node.submit(spender, ['tm_ship'])
    expect(await node.lookup('ls_ship', 'findAll')).to.deep.equal([
      { outpoint: `${second.id('hex')}.0`, spentBy: null },
    ])
    expect(await node.lookup('ls_ship', { findAll: true, includeSpent: true })).to.deep.equal([
      { outpoint: `${second.id('hex')}.0`, spentBy: null },
      { outpoint: `${first.id('hex')}.0`, spentBy: spender.id('hex') },
    ])
  })

  it('lists and documents what it hosts', async () => {
    const get = async (path: string) => fetch(`${node.url}${path}`)
    const names = ['phip', 'ship', 'slap', 'messagebox']
    expect(await (await get('/listTopicManagers')).json()).to.have.all.keys(names.map((name) => `tm_${name}`))
    expect(await (await get('/listLookupServiceProviders')).json()).to.have.all.keys(names.map((name) => `ls_${name}`))
    const topic = await get('/getDocumentationForTopicManager?manager=tm_phip')
    expect(topic.headers.get('content-type')).to.match(/^text\/markdown/)
    expect(await topic.text()).to.match(/^# tm_phip/)
    expect(await (await get('/getDocumentationForLookupServiceProvider?lookupService=ls_slap')).text()).to.match(
      /^# ls_slap/,
    )
    expect((await get('/getDocumentationForTopicManager?manager=tm_none')).status).to.equal(404)
  })

  it('answers GASP: unspent outputs from a score on, and each transaction of their ancestry', async () => {
    const parent = await spend([chain.fund()], [], [5000])
    const transaction = await spend(
      [{ transaction: parent, outputIndex: 0 }],
      [await phipScript(), await phipScript({ pattern: '^a' })],
    )
    await node.submit(transaction)
    await node.submit(await spendToken({ transaction, outputIndex: 0 }))
    const sync = async (since: number, limit: number) =>
      (await post('/requestSyncResponse', { version: 1, since, limit }, { 'X-BSV-Topic': 'tm_phip' })).body
    const { UTXOList } = (await sync(0, 10)) as { UTXOList: { txid: string; outputIndex: number; score: number }[] }
    const txid = transaction.id('hex')
    expect(UTXOList.map((utxo) => [utxo.txid, utxo.outputIndex])).to.deep.equal([[txid, 1]])
    expect((await sync(UTXOList[0]!.score + 1, 10))['UTXOList']).to.deep.equal([])

    const graphID = `${txid}.1`
    const ask = async (of: Transaction) =>
      (await post('/requestForeignGASPNode', { graphID, txid: of.id('hex'), outputIndex: 0, metadata: false })).body
    expect(await ask(parent)).to.deep.equal({ graphID, rawTx: parent.toHex(), outputIndex: 0 })
    const mined = parent.inputs[0]!.sourceTransaction!
    expect((await ask(mined))['proof']).to.equal(mined.merklePath!.toHex())
    const unknown = await post('/requestForeignGASPNode', { graphID: `${'0'.repeat(64)}.0`, txid, outputIndex: 0 })
    expect([unknown.status, unknown.body['code']]).to.deep.equal([404, 'ERR_NOT_FOUND'])
    expect(
      (await post('/requestSyncResponse', { version: 1, since: 0 }, { 'X-BSV-Topic': 'tm_none' })).status,
    ).to.equal(400)
    expect(
      (await post('/requestSyncResponse', { version: 2, since: {} }, { 'X-BSV-Topic': 'tm_phip' })).status,
    ).to.equal(400)
  })

  describe('with ARC', () => {
    it('broadcasts what is not mined and concerns a topic, once', async () => {
      const transaction = await spend([chain.fund()], [await phipScript()])
      await node.submit(transaction)
      await node.submit(transaction)
      expect(chain.broadcasts).to.deep.equal([transaction.toHexEF()])
      const mined = await spend([chain.fund()], [await phipScript({ pattern: '^a' })])
      chain.mine(mined)
      await node.submit(mined)
      await node.submit(await spend([chain.fund()], [fundingLock().toUint8Array()]))
      expect(chain.broadcasts).to.have.length(1)
    })

    const failures = [
      { name: 'refuses it', answer: { status: 461, body: { detail: 'bad script' } }, status: 400 },
      {
        name: 'knows a double spend',
        answer: { status: 200, body: { txStatus: 'DOUBLE_SPEND_ATTEMPTED' } },
        status: 400,
      },
      { name: 'fails', answer: { status: 500, body: {} }, status: 503 },
      { name: 'limits us', answer: { status: 429, body: {} }, status: 503 },
    ]
    for (const { name, answer, status } of failures) {
      it(`stores nothing when the network ${name}, a spend neither, and takes the same later`, async () => {
        const transaction = await spend([chain.fund()], [await phipScript()])
        await node.submit(transaction)
        const spender = await spendToken({ transaction, outputIndex: 0 })
        chain.arcAnswer = answer
        expect((await postSubmit(node.url, Uint8Array.from(spender.toBEEF()))).status).to.equal(status)
        expect(await node.lookup('ls_phip', { user: user.identityKey })).to.have.length(1)
        expect((await node.events('topic=tm_phip&wait=0')).next).to.equal(1)
        chain.arcAnswer = null
        expect((await node.submit(spender))['tm_phip']?.coinsRemoved).to.deep.equal([0])
      })
    }

    it('takes the Merkle path from its callback, into descendants too, once the headers confirm it', async () => {
      const transaction = await spend([chain.fund()], [await phipScript()])
      await node.submit(transaction)
      const spender = await spendToken({ transaction, outputIndex: 0 })
      await node.submit(spender)
      const txid = transaction.id('hex')
      const stored = (of: Transaction) => Buffer.from(node.node.store.findTransaction(of.id('hex'))!.beef)
      const before = stored(transaction)

      const path = chain.mine(transaction)
      const wrong = new MerklePath(path.blockHeight - 1, path.path)
      const ingest = (merklePath: string | undefined) =>
        post('/arc-ingest', { txid, merklePath, blockHeight: path.blockHeight, txStatus: 'MINED' })
      for (const bad of [wrong.toHex(), 'zz', '00', chain.mine(await spend([chain.fund()], [])).toHex()]) {
        expect((await ingest(bad)).status).to.equal(400)
      }
      expect((await ingest(undefined)).body).to.deep.equal({ status: 'success' })
      expect(stored(transaction)).to.deep.equal(before)

      expect((await ingest(path.toHex())).body).to.deep.equal({ status: 'success' })
      expect(stored(transaction)).to.deep.equal(Buffer.from(transaction.toBEEF()))
      expect(stored(spender)).to.deep.equal(Buffer.from(spender.toBEEF()))
      expect(Beef.fromBinary(Array.from(stored(spender))).txs).to.have.length(2)
      expect(node.node.store.findTransaction(txid)?.height).to.equal(path.blockHeight)
    })

    it('takes a callback for what it does not keep', async () => {
      const coin = chain.fund()
      const { status } = await post('/arc-ingest', {
        txid: coin.transaction.id('hex'),
        merklePath: coin.transaction.merklePath!.toHex(),
      })
      expect(status).to.equal(200)
    })
  })

  it('puts off submits beyond those that may wait, and takes the others', async () => {
    await node[Symbol.asyncDispose]()
    node = await startTestNode(chain, { limits: { submitsAtOnce: 1, submitsWaiting: 2 } })
    const beef = Uint8Array.from((await spend([chain.fund()], [await phipScript()])).toBEEF())
    const answers = await Promise.all([1, 2, 3, 4, 5, 6].map(() => postSubmit(node.url, beef)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses).to.include(200)
    for (const { status, body } of answers) if (status !== 200) expect(body['code']).to.equal('ERR_UNAVAILABLE')
    expect((await postSubmit(node.url, beef)).status).to.equal(200)
  })

  it('tells whether it works', async () => {
    const get = async (path: string) => {
      const response = await fetch(`${node.url}${path}`)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    }
    expect(await get('/health/live')).to.deep.equal({ status: 200, body: { status: 'ok' } })
    expect((await get('/health/ready')).status).to.equal(200)
    await node[Symbol.asyncDispose]()
    chain.isHeaderServiceDown = true
    node = await startTestNode(chain)
    const { status, body } = await get('/health')
    expect(status).to.equal(503)
    expect(body['checks']).to.include({ headers: 'failing', database: 'ok' })
    expect((await get('/health/live')).status).to.equal(200)
  })

  it('counts what it does', async () => {
    await node.submit(await spend([chain.fund()], [await phipScript()]))
    const text = await (await fetch(`${node.url}/metrics`)).text()
    expect(text).to.include('overlay_admissions_total 1').and.include('overlay_outputs{topic="tm_phip",state="live"} 1')
    expect(text).to.match(/overlay_request_seconds_count\{route="\/submit",status="200"\} 1/)
  })

  it('answers unknown routes and methods with codes, and browsers of every origin', async () => {
    const none = await fetch(`${node.url}/nothing`)
    expect(none.status).to.equal(404)
    expect(await none.json()).to.include({ status: 'error', code: 'ERR_NOT_FOUND' })
    const wrong = await fetch(`${node.url}/submit`)
    expect(wrong.status).to.equal(405)
    expect(await wrong.json()).to.include({ status: 'error', code: 'ERR_METHOD_NOT_ALLOWED' })
    expect(wrong.headers.get('allow')).to.equal('POST')
    expect(wrong.headers.get('access-control-allow-origin')).to.equal('*')
    const preflight = await fetch(`${node.url}/lookup`, { method: 'OPTIONS' })
    expect([preflight.status, preflight.headers.get('access-control-allow-methods')]).to.deep.equal([
      204,
      'GET, POST, OPTIONS',
    ])
  })
})
