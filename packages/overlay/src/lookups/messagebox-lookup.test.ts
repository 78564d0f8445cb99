import { Transaction } from '@bsv/sdk'
import { expect } from 'chai'
import { spend, TestChain } from '../testing/test-chain.ts'
import { startTestNode, type TestNode } from '../testing/test-node.ts'
import { identity, messageboxScript, spendMessageboxAdverts, user } from '../testing/test-tokens.ts'

describe('tm_messagebox and ls_messagebox', () => {
  let chain: TestChain
  let node: TestNode
  beforeEach(async () => {
    chain = await TestChain.start()
    node = await startTestNode(chain)
  })
  afterEach(async () => {
    await node[Symbol.asyncDispose]()
    await chain[Symbol.asyncDispose]()
  })

  const submit = async (transaction: Transaction) =>
    (await node.submit(transaction, ['tm_messagebox']))['tm_messagebox']
  const anoint = async (url: string, of = user) => {
    const transaction = await spend([chain.fund()], [await messageboxScript(url, of)])
    await submit(transaction)
    return transaction
  }
  /** As the client does it: the new advert spends the earlier one. */
  const move = async (from: Transaction, url: string) => {
    const transaction = await spendMessageboxAdverts(
      [{ transaction: from, outputIndex: 0 }],
      [await messageboxScript(url)],
    )
    await submit(transaction)
    return transaction
  }
  const hosts = async (query: Record<string, unknown> = {}) => {
    const rows = await node.lookup('ls_messagebox', { identityKey: user.identityKey, ...query })
    return rows.map(({ outpoint }) => {
      const { beef } = node.node.store.findTransaction(outpoint.slice(0, 64))!
      const script = Transaction.fromBEEF(Array.from(beef)).outputs[0]!.lockingScript
      return Buffer.from(script.chunks[3]!.data!).toString().replace('https://', '').replace('.example', '')
    })
  }

  it('answer the newest first, by user, and by host', async () => {
    await anoint('https://a.example')
    await anoint('https://b.example/')
    await anoint('https://c.example', identity(0x55))
    expect(await hosts()).to.deep.equal(['b/', 'a'])
    expect(await hosts({ host: 'https://a.example/' })).to.deep.equal(['a'])
    expect(await hosts({ host: '  ' })).to.deep.equal(['b/', 'a'])
    expect(await hosts({ host: 'https://c.example' })).to.deep.equal([])
  })

  it('follow a user who moves, and returns', async () => {
    const first = await anoint('https://a.example')
    const second = await move(first, 'https://b.example')
    expect(await hosts()).to.deep.equal(['b'])
    expect(await hosts({ includeSpent: true })).to.deep.equal(['b', 'a'])
    const third = await move(second, 'https://a.example')
    expect(await hosts()).to.deep.equal(['a'])
    await submit(await spendMessageboxAdverts([{ transaction: third, outputIndex: 0 }]))
    expect(await hosts()).to.deep.equal([])
  })

  it("let no stranger's copy come before what the user chose", async () => {
    const first = await anoint('https://a.example')
    await anoint('https://a.example') // a copy of what is live
    await move(first, 'https://b.example')
    await anoint('https://a.example') // a copy of what was spent
    expect(await hosts()).to.deep.equal(['b', 'a'])
    await anoint('https://b.example')
    expect(await hosts()).to.deep.equal(['b', 'a'])
  })

  it('put a user first who returns after a stranger put the old choice on chain again', async () => {
    const second = await move(await anoint('https://a.example'), 'https://b.example')
    await anoint('https://a.example')
    await move(second, 'https://a.example')
    expect((await hosts())[0]).to.equal('a')
  })

  it('leave out what fails a check', async () => {
    const script = await messageboxScript('https://a.example')
    const foreignLock = Uint8Array.from(script)
    foreignLock.set((await messageboxScript('https://a.example', identity(0x55))).subarray(0, 35))
    const scripts = [foreignLock, script.with(-20, 1), await messageboxScript('http://a.example'), script]
    expect((await submit(await spend([chain.fund()], scripts)))?.outputsToAdmit).to.deep.equal([3])
  })

  const identityKey = user.identityKey
  const bad: [name: string, query: unknown][] = [
    ['no key', {}],
    ['a word', 'findAll'],
    ['an object for a key', { identityKey: { $ne: '' } }],
    ['an object for a host', { identityKey, host: { $ne: '' } }],
    ['a host that is none', { identityKey, host: 'relay' }],
    ['a number in an unknown field', { identityKey, other: 1 }],
    ['an object in an unknown field', { identityKey, $where: {} }],
    ['a limit above 100', { identityKey, limit: 101 }],
  ]
  for (const [name, query] of bad) {
    it(`refuse a question with ${name}`, async () => {
      const body = JSON.stringify({ service: 'ls_messagebox', query })
      const headers = { 'Content-Type': 'application/json' }
      const answer = await fetch(`${node.url}/lookup`, { method: 'POST', headers, body })
      expect(answer.status).to.equal(400)
      expect(await answer.json()).to.include({ code: 'ERR_INVALID_PARAMETERS' })
    })
  }
})
