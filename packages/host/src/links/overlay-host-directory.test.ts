import { nativeSignatureVerifier } from '@overpost/auth'
import { NodeReputation, Resolver, type DirectoryAnswer } from '@overpost/core'
import { createMessageboxAdvertScript } from '@overpost/protocol'
import type { Transaction } from '@bsv/sdk'
import { expect } from 'chai'
import { nodeClock } from '../node-clock.ts'
import { nodeRandom } from '../node-random.ts'
import {
  ChainFixture,
  datesFixture,
  spendTransaction,
  tokenScript,
  tokenTransaction,
  unminedTokenTransaction,
} from '../testing/chain-fixture.ts'
import { aliceWallet, bobWallet, hostWallet, otherHostWallet } from '../testing/host-fixture.ts'
import { lookupNode, type LookupBehaviour, type LookupNode } from '../testing/lookup-node.ts'
import { BeefProofs } from './beef-proofs.ts'
import { lookupServices, type LookupNode as LookupNodeToAsk } from './lookup-nodes.ts'
import { OverlayHostDirectory } from './overlay-host-directory.ts'

const never = new AbortController().signal
const bob = bobWallet.identityKey
const nothing: LookupBehaviour = { kind: 'tokens', tokens: [] }
const failing: LookupBehaviour = { kind: 'bytes', status: 500, contentType: 'text/plain', body: 'oh' }
const silence: LookupBehaviour = { kind: 'silence' }

describe('OverlayHostDirectory', () => {
  let chain: ChainFixture
  let proofs: BeefProofs
  let token: Transaction
  let script: Uint8Array

  beforeEach(async () => {
    chain = new ChainFixture()
    proofs = new BeefProofs(chain)
    script = await tokenScript(bobWallet, otherHostWallet)
    token = chain.mine(tokenTransaction(script))
  })

  const takeAll = () => () => true
  const directoryWith = (nodes: readonly LookupNodeToAsk[], options = { timeoutMs: 1_000, graceMs: 50 }) =>
    new OverlayHostDirectory({
      ...{ proofs, clock: nodeClock, reputation: new NodeReputation(nodeClock, nodeRandom), ...options },
      nodes: () => nodes,
    })
  const directoryOf = (urls: readonly string[], options: { timeoutMs: number; graceMs: number }) =>
    directoryWith(
      urls.map((url) => ({ url, fetch, services: lookupServices })),
      options,
    )
  /** Runs `test` with a directory over one lookup host per behaviour. */
  const withNodes = async (
    behaviours: readonly LookupBehaviour[],
    test: (directory: OverlayHostDirectory, nodes: LookupNode[]) => Promise<void>,
    { timeoutMs = 1_000, graceMs = 50 } = {},
  ) => {
    const nodes = await Promise.all(behaviours.map(lookupNode))
    const urls = nodes.map(({ origin }) => origin)
    try {
      await test(directoryOf(urls, { timeoutMs, graceMs }), nodes)
    } finally {
      await Promise.all(nodes.map((node) => node[Symbol.asyncDispose]()))
    }
  }
  const found = (answer: DirectoryAnswer) =>
    answer.kind === 'failed' ? 'failed' : answer.entries.map(({ spent }) => (spent ? 'spent' : 'live'))
  const shows = (...transactions: Transaction[]): LookupBehaviour => ({
    kind: 'tokens',
    tokens: transactions.map((transaction) => ({ transaction })),
  })

  for (const form of ['json', 'aggregated'] as const) {
    it(`finds a token, live or spent, in an answer that is ${form}`, async () => {
      const spentBy = await spendTransaction(token, otherHostWallet)
      await withNodes([{ kind: 'tokens', tokens: [{ transaction: token }], form }], async (directory, nodes) => {
        const answer = await directory.find(bob, takeAll, never)
        expect(answer).to.deep.equal({
          kind: 'answered',
          entries: [
            {
              ...{ outpoint: `${token.id('hex')}.0`, script, spent: false },
              spends: new Set([`${token.inputs[0]!.sourceTXID!}.0`]),
            },
          ],
        })
        expect(nodes[0]!.questions).to.have.deep.members([
          { service: 'ls_phip', query: { recipient: bob, includeSpent: true, limit: 100 } },
          { service: 'ls_messagebox', query: { identityKey: bob, includeSpent: true, limit: 100 } },
        ])
      })
      await withNodes([{ kind: 'tokens', tokens: [{ transaction: token, spentBy }], form }], async (directory) => {
        expect(found(await directory.find(bob, takeAll, never))).to.deep.equal(['spent'])
      })
    })
  }

  const cases: { name: string; nodes: () => Promise<LookupBehaviour[]>; outcome: 'failed' | ('live' | 'spent')[] }[] = [
    { name: 'no host is configured', nodes: () => Promise.resolve([]), outcome: 'failed' },
    { name: 'all hosts fail', nodes: () => Promise.resolve([failing, failing]), outcome: 'failed' },
    { name: 'one fails, one knows', nodes: () => Promise.resolve([failing, shows(token)]), outcome: ['live'] },
    { name: 'one fails, one knows nothing', nodes: () => Promise.resolve([failing, nothing]), outcome: [] },
    { name: 'one knows nothing, one knows', nodes: () => Promise.resolve([nothing, shows(token)]), outcome: ['live'] },
    { name: 'both know the same', nodes: () => Promise.resolve([shows(token), shows(token)]), outcome: ['live'] },
    {
      name: 'one hides that it is spent',
      nodes: async () => {
        const spentBy = await spendTransaction(token, otherHostWallet)
        return [shows(token), { kind: 'tokens', tokens: [{ transaction: token, spentBy }] }, shows(token)]
      },
      outcome: ['spent'],
    },
    {
      name: 'one claims a spend that only a stranger signed',
      nodes: async () => {
        const spentBy = await spendTransaction(token, aliceWallet)
        return [{ kind: 'tokens', tokens: [{ transaction: token, spentBy }] }]
      },
      outcome: ['live'],
    },
    {
      name: 'one claims a spend by a transaction that spends something else',
      nodes: () => {
        const spentBy = chain.mine(tokenTransaction(script))
        return Promise.resolve([{ kind: 'tokens', tokens: [{ transaction: token, spentBy }] }])
      },
      outcome: ['live'],
    },
    {
      name: 'the block of the token is not of the chain',
      nodes: () => {
        const elsewhere = new ChainFixture().mine(tokenTransaction(script))
        return Promise.resolve([shows(elsewhere, token)])
      },
      outcome: ['live'],
    },
    {
      name: 'the token is in no block and spends nothing',
      nodes: () => {
        const conjured = tokenTransaction(script)
        conjured.inputs = []
        conjured.outputs[0]!.satoshis = 0
        return Promise.resolve([shows(conjured)])
      },
      outcome: [],
    },
    {
      name: 'the answer is no output list',
      nodes: () =>
        Promise.resolve([{ kind: 'bytes', status: 200, contentType: 'application/json', body: '{"type":"freeform"}' }]),
      outcome: 'failed',
    },
    {
      name: 'the answer ends early',
      nodes: () =>
        Promise.resolve([
          { kind: 'bytes', status: 200, contentType: 'application/octet-stream', body: Buffer.of(3, 1, 2) },
        ]),
      outcome: 'failed',
    },
    {
      name: 'the answer names outputs without end',
      nodes: () =>
        Promise.resolve([
          {
            kind: 'bytes',
            status: 200,
            contentType: 'application/octet-stream',
            body: Buffer.of(0xfe, 255, 255, 255, 255),
          },
        ]),
      outcome: 'failed',
    },
    {
      name: 'the answer is too large',
      nodes: () =>
        Promise.resolve([{ kind: 'bytes', status: 200, contentType: 'text/plain', body: 'x'.repeat(3_000_000) }]),
      outcome: 'failed',
    },
    {
      name: 'the outputs are no BEEF',
      nodes: () =>
        Promise.resolve([
          {
            kind: 'bytes',
            status: 200,
            contentType: 'application/json',
            body: '{"type":"output-list","outputs":[{"beef":[1,2,3],"outputIndex":0}]}',
          },
        ]),
      outcome: [],
    },
  ]
  for (const { name, nodes, outcome } of cases) {
    it(`tells apart what is known and what could not be asked: ${name}`, async () => {
      await withNodes(await nodes(), async (directory) => {
        expect(found(await directory.find(bob, takeAll, never))).to.deep.equal(outcome)
      })
    })
  }

  it('fails rather than answer nothing when the block headers cannot be asked', async () => {
    chain.isDown = true
    await withNodes([shows(token)], async (directory) => {
      expect(found(await directory.find(bob, takeAll, never))).to.equal('failed')
      chain.isDown = false
      expect(found(await directory.find(bob, takeAll, never))).to.deep.equal(['live'])
    })
  })

  it('runs few transactions of one answer that wait for their blocks, and has time for others between them', async () => {
    const unmined = await Promise.all(Array.from({ length: 20 }, () => unminedTokenTransaction(chain, script)))
    await withNodes([shows(...unmined)], async (directory) => {
      expect(found(await directory.find(bob, takeAll, never))).to.deep.equal(Array.from({ length: 8 }, () => 'live'))
      // Those are remembered, and the next are had.
      expect(found(await directory.find(bob, takeAll, never))).to.have.length(16)
    })
  })

  it('leaves out a token whose spend it has no budget to prove, rather than take it for live', async () => {
    const spentBy = await spendTransaction(token, otherHostWallet)
    const unmined = await Promise.all(Array.from({ length: 8 }, () => unminedTokenTransaction(chain, script)))
    const tokens = [...unmined.map((transaction) => ({ transaction })), { transaction: token, spentBy }]
    await withNodes([{ kind: 'tokens', tokens }], async (directory) => {
      const answer = await directory.find(bob, takeAll, never)
      const outpoints = answer.kind === 'failed' ? [] : answer.entries.map(({ outpoint }) => outpoint)
      expect(outpoints).to.have.length(8)
      expect(outpoints).to.not.include(`${token.id('hex')}.0`)
    })
  })

  it('proves a token once, and again when its block left the chain', async () => {
    await withNodes([shows(token)], async (directory) => {
      await directory.find(bob, takeAll, never)
      expect(chain.asked).to.equal(1)
      await directory.find(bob, takeAll, never)
      expect(chain.asked).to.equal(2)
      chain.roots.clear()
      expect(found(await directory.find(bob, takeAll, never))).to.deep.equal([])
    })
  })

  it('takes anointings from a node that knows of nothing else, which alone is no answer', async () => {
    const url = 'https://relay.example'
    const anointing = await createMessageboxAdvertScript(bobWallet, { userKey: bob, host: url })
    const transaction = chain.mine(tokenTransaction(anointing))
    const behaviours: LookupBehaviour[] = [nothing, { kind: 'tokens', tokens: [], anointings: [{ transaction }] }]
    await withNodes(behaviours, async (_, [whole, part]) => {
      const partly = { url: part!.origin, fetch, services: ['ls_messagebox'] }
      const ask = (nodes: readonly LookupNodeToAsk[]) => directoryWith(nodes).find(bob, takeAll, never)
      expect(found(await ask([{ url: whole!.origin, fetch, services: lookupServices }, partly]))).to.deep.equal([
        'live',
      ])
      expect(found(await ask([partly]))).to.equal('failed')
      expect(part!.questions).to.have.length(2)
    })
  })

  it('does not wait for a silent host once another knows', async () => {
    await withNodes([silence, shows(token)], async (directory) => {
      const startedAtMs = performance.now()
      expect(found(await directory.find(bob, takeAll, never))).to.deep.equal(['live'])
      expect(performance.now() - startedAtMs).to.be.lessThan(500)
    })
  })

  it('waits for a slow host while the others know nothing', async () => {
    let speak = (): void => undefined
    const when = new Promise<void>((resolve) => (speak = resolve))
    await withNodes([nothing, { kind: 'late', when, then: shows(token) }], async (directory) => {
      const finding = directory.find(bob, takeAll, never)
      setTimeout(speak, 200)
      expect(found(await finding)).to.deep.equal(['live'])
    })
  })

  it('ends at the deadline, and the next time waits less for whoever missed it', async () => {
    await withNodes(
      [silence, nothing],
      async (directory) => {
        const startedAtMs = performance.now()
        expect(found(await directory.find(bob, takeAll, never))).to.deep.equal([])
        const firstMs = performance.now() - startedAtMs
        expect(found(await directory.find(bob, takeAll, never))).to.deep.equal([])
        const secondMs = performance.now() - startedAtMs - firstMs
        expect(firstMs).to.be.within(290, 600)
        expect(secondMs).to.be.lessThan(200)
      },
      { timeoutMs: 300, graceMs: 20 },
    )
    await withNodes(
      [silence, silence],
      async (directory) => {
        expect(found(await directory.find(bob, takeAll, never))).to.equal('failed')
      },
      { timeoutMs: 100 },
    )
  })

  it('ends when it is told to stop', async () => {
    await withNodes([silence], async (directory) => {
      const stop = new AbortController()
      const finding = directory.find(bob, takeAll, stop.signal)
      stop.abort()
      expect(await finding).to.deep.equal({ kind: 'failed', reason: 'aborted' })
    })
  })

  describe('with a resolver behind it', () => {
    const routesFrom = async (behaviours: LookupBehaviour[]) => {
      let routes: string[] | 'failed' = 'failed'
      await withNodes(behaviours, async (directory) => {
        const resolver = new Resolver(
          { directory, verifier: nativeSignatureVerifier(), clock: nodeClock, ownKey: hostWallet.identityKey },
          { positiveMs: 1_000, negativeMs: 1_000, allowHttp: false },
        )
        const resolution = await resolver.resolve(bob, never)
        if (resolution.kind === 'routes') routes = resolution.routes.map(({ destination }) => destination.origin)
      })
      return routes
    }
    const mined = (bytes: Uint8Array) => shows(chain.mine(tokenTransaction(bytes)))

    it('uses a token of its user', async () => {
      expect(await routesFrom([shows(token)])).to.deep.equal(['https://relay.example'])
    })

    it('never uses a token that is expired, of another user, forged, or for http', async () => {
      const expired = await tokenScript(bobWallet, otherHostWallet, {
        dates: datesFixture(Date.now() - 2 * 86_400_000),
      })
      const ofAlice = await tokenScript(aliceWallet, otherHostWallet)
      const plain = await tokenScript(bobWallet, otherHostWallet, { origin: 'http://relay.example' })
      const forged = Uint8Array.from(script)
      const last = forged.length - 20
      forged[last] = (forged[last] ?? 0) ^ 1
      for (const bytes of [expired, ofAlice, plain, forged]) expect(await routesFrom([mined(bytes)])).to.deep.equal([])
    })

    it('never uses a token that any host shows as spent, however often it is minted again', async () => {
      const spentBy = await spendTransaction(token, otherHostWallet)
      const spent: LookupBehaviour = { kind: 'tokens', tokens: [{ transaction: token, spentBy }] }
      expect(await routesFrom([shows(token), spent])).to.deep.equal([])
      expect(await routesFrom([mined(script), spent])).to.deep.equal([])
    })
  })
})
