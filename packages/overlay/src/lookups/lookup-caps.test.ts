import { expect } from 'chai'
import { spend, TestChain } from '../testing/test-chain.ts'
import { startTestNode, type TestNode } from '../testing/test-node.ts'
import { host, phipScript, user, withdrawalScript } from '../testing/test-tokens.ts'

const adverts = 10_000
const perTransaction = 250
const bound = { milliseconds: 1_500, bytes: 9 * 1024 * 1024 } // JSON writes a byte as up to four characters

describe('lookups of a user with 10,000 adverts', function () {
  this.timeout(120_000)
  let chain: TestChain
  let node: TestNode
  before(async () => {
    chain = await TestChain.start()
    node = await startTestNode(chain)
    const issuedAtMs = Date.now() - 86_400_000
    for (let first = 0; first < adverts; first += perTransaction) {
      const scripts = await Promise.all(
        Array.from({ length: perTransaction }, (_, index) =>
          phipScript({ dates: { issuedAtMs: issuedAtMs - first - index, expiresAtMs: issuedAtMs + 9_000_000_000 } }),
        ),
      )
      await node.submit(await spend([chain.fund()], scripts))
    }
  })
  after(async () => {
    await node[Symbol.asyncDispose]()
    await chain[Symbol.asyncDispose]()
  })

  /** One that binary, one that JSON is asked for. */
  const ask = async (query: object, aggregated: boolean) => {
    const started = performance.now()
    const headers: Record<string, string> = aggregated ? { 'X-Aggregation': 'yes' } : {}
    const body = JSON.stringify({ service: 'ls_phip', query })
    const answer = await fetch(`${node.url}/lookup`, { method: 'POST', headers, body })
    expect(answer.status).to.equal(200)
    const { byteLength } = await answer.arrayBuffer()
    return { milliseconds: performance.now() - started, bytes: byteLength }
  }

  const questions: [name: string, query: object][] = [
    ['by user', { recipient: user.identityKey }],
    ['spent ones too', { recipient: user.identityKey, includeSpent: true }],
    ['by host', { hostKey: host.identityKey }],
    ['far down', { recipient: user.identityKey, skip: 9_900 }],
  ]
  const check = async (name: string, query: object) => {
    for (const aggregated of [true, false]) {
      const { milliseconds, bytes } = await ask(query, aggregated)
      expect(milliseconds, name).to.be.below(bound.milliseconds)
      expect(bytes, name).to.be.below(bound.bytes)
    }
  }
  for (const [name, query] of questions) it(`are bounded ${name}`, () => check(name, query))

  it('are bounded when all are withdrawn', async () => {
    const withdrawal = await withdrawalScript({ from: host, atMs: Date.now() })
    await node.submit(await spend([chain.fund()], [withdrawal]))
    await check('withdrawn', { recipient: user.identityKey })
    expect(await node.lookup('ls_phip', { recipient: user.identityKey })).to.have.length(1)
  })
})
