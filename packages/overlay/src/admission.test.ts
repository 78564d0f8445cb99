import { Beef, BEEF_V2, Transaction } from '@bsv/sdk'
import { expect } from 'chai'
import { fundingLock, spend, TestChain } from './testing/test-chain.ts'
import { postSubmit, startTestNode, type TestNode } from './testing/test-node.ts'
import { discoveryScript, host, identity, phipScript, spendToken, user } from './testing/test-tokens.ts'

describe('admission', () => {
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

  const byUser = () => node.lookup('ls_phip', { recipient: user.identityKey })

  it('admits a token of an unmined transaction whose ancestors are mined', async () => {
    const transaction = await spend([chain.fund()], [await phipScript()])
    const steak = await node.submit(transaction)
    expect(steak).to.deep.equal({ tm_phip: { outputsToAdmit: [0], coinsToRetain: [], coinsRemoved: [] } })
    expect(await byUser()).to.deep.equal([{ outpoint: `${transaction.id('hex')}.0`, spentBy: null }])
  })

  it('admits a mined transaction by its own Merkle path', async () => {
    const transaction = await spend([chain.fund()], [await phipScript()])
    chain.mine(transaction)
    expect((await node.submit(transaction))['tm_phip']?.outputsToAdmit).to.deep.equal([0])
  })

  it('takes Atomic BEEF and BEEF V2 too', async () => {
    const first = await spend([chain.fund()], [await phipScript()])
    const second = await spend([chain.fund()], [await phipScript({ origin: 'https://other.example' })])
    const v2 = new Beef(BEEF_V2)
    v2.mergeBeef(second.toBEEF())
    for (const body of [Uint8Array.from(first.toAtomicBEEF()), v2.toUint8Array()]) {
      expect((await postSubmit(node.url, body)).status).to.equal(200)
    }
    expect(await byUser()).to.have.length(2)
  })

  it('gives the same transaction its first answer again, and stores it once', async () => {
    const transaction = await spend([chain.fund()], [await phipScript()])
    const answers = await Promise.all([1, 2, 3].map(() => node.submit(transaction)))
    for (const answer of answers) expect(answer).to.deep.equal(answers[0])
    expect((await node.events('topic=tm_phip&wait=0')).events).to.have.length(1)
  })

  it('lets a token go from lookups when it is spent, and keeps the spend', async () => {
    const transaction = await spend([chain.fund()], [await phipScript()])
    await node.submit(transaction)
    const spender = await spendToken({ transaction, outputIndex: 0 })
    const steak = await node.submit(spender)
    expect(steak['tm_phip']?.coinsRemoved).to.deep.equal([0])
    expect(await byUser()).to.deep.equal([])
    const withSpent = { user: user.identityKey, includeSpent: true }
    const spentRow = { outpoint: `${transaction.id('hex')}.0`, spentBy: spender.id('hex') }
    expect(await node.lookup('ls_phip', withSpent)).to.deep.equal([spentRow])
    await (node = await node.restart()).lookup('ls_phip', withSpent)
    expect(await node.lookup('ls_phip', withSpent)).to.deep.equal([spentRow])
  })

  it('knows a spend that came before the token', async () => {
    const transaction = await spend([chain.fund()], [await phipScript()])
    const spender = await spendToken({ transaction, outputIndex: 0 })
    await node.submit(spender)
    await node.submit(transaction)
    expect(await byUser()).to.deep.equal([])
    const { events } = await node.events('topic=tm_phip&wait=0')
    expect(events.map(({ kind }) => kind)).to.deep.equal(['admit', 'spend'])
  })

  it('knows a mined spend that came before the token, and takes it again', async () => {
    const transaction = await spend([chain.fund()], [await phipScript()])
    const spender = await spendToken({ transaction, outputIndex: 0 })
    chain.mine(spender) // its BEEF does not hold the token any more
    await node.submit(spender)
    await node.submit(transaction)
    expect(await byUser()).to.deep.equal([])
    await node.submit(spender)
    const spent = [{ outpoint: `${transaction.id('hex')}.0`, spentBy: spender.id('hex') }]
    expect(await node.lookup('ls_phip', { user: user.identityKey, includeSpent: true })).to.deep.equal(spent)
    const { events } = await node.events('topic=tm_phip&wait=0')
    expect(events.map(({ kind }) => kind)).to.deep.equal(['admit', 'spend'])
  })

  it('does not bring a spent permission back when anybody mints its script again', async () => {
    const script = await phipScript()
    const transaction = await spend([chain.fund()], [script])
    await node.submit(transaction)
    await node.submit(await spendToken({ transaction, outputIndex: 0 }))
    const steak = await node.submit(await spend([chain.fund()], [script]))
    expect(steak['tm_phip']?.outputsToAdmit).to.deep.equal([0]) // every node must admit the same
    expect(await byUser()).to.deep.equal([])
  })

  it('admits from one transaction to several topics, and ignores topics that it does not host', async () => {
    const scripts = [
      await phipScript(),
      await discoveryScript('SHIP', 'tm_phip'),
      await discoveryScript('SLAP', 'ls_phip'),
    ]
    const steak = await node.submit(await spend([chain.fund()], scripts), ['tm_phip', 'tm_ship', 'tm_slap', 'tm_other'])
    expect(Object.entries(steak).map(([topic, { outputsToAdmit }]) => [topic, outputsToAdmit])).to.deep.equal([
      ['tm_phip', [0]],
      ['tm_ship', [1]],
      ['tm_slap', [2]],
    ])
  })

  it('refuses a submit of unknown topics only', async () => {
    const transaction = await spend([chain.fund()], [await phipScript()])
    for (const topics of ['["tm_other"]', '["constructor"]', '["__proto__"]']) {
      const { status, body } = await postSubmit(node.url, Uint8Array.from(transaction.toBEEF()), { 'X-Topics': topics })
      expect([status, body['code']]).to.deep.equal([400, 'ERR_INVALID_PARAMETERS'])
    }
  })

  it('admits no token of a blocked identity', async () => {
    await node[Symbol.asyncDispose]()
    node = await startTestNode(chain, { blocklist: [identity(0x44).identityKey] })
    const scripts = [
      await phipScript(),
      await phipScript({ host: identity(0x44) }),
      await phipScript({ user: identity(0x44) }),
    ]
    const steak = await node.submit(await spend([chain.fund()], scripts))
    expect(steak['tm_phip']?.outputsToAdmit).to.deep.equal([0])
  })

  it('admits http origins on a development node only', async () => {
    const transaction = await spend([chain.fund()], [await phipScript({ origin: 'http://127.0.0.1:8080' })])
    expect((await node.submit(transaction))['tm_phip']?.outputsToAdmit).to.deep.equal([])
    await node[Symbol.asyncDispose]()
    node = await startTestNode(chain, { development: true })
    expect((await node.submit(transaction))['tm_phip']?.outputsToAdmit).to.deep.equal([0])
  })

  it('spends a mature coinbase, however old, and not a young one', async () => {
    const submitOf = async (height: number) =>
      postSubmit(node.url, Uint8Array.from((await spend([chain.coinbase(height)], [await phipScript()])).toBEEF()))
    expect((await submitOf(10)).status).to.equal(200)
    expect((await submitOf(chain.tip - 99)).status).to.equal(200)
    const young = await submitOf(chain.tip - 98)
    expect([young.status, young.body['message']]).to.deep.equal([
      400,
      'The transaction spends a coinbase that is not mature yet.',
    ])
  })

  describe('refuses and stores nothing', () => {
    type Forge = () => Promise<Uint8Array>
    const bytes = (beef: readonly number[]) => Uint8Array.from(beef)
    const token = async () => [await phipScript()]
    const forgeries: { name: string; forge: Forge }[] = [
      { name: 'no BEEF at all', forge: () => Promise.resolve(Uint8Array.of(1, 2, 3)) },
      { name: 'an empty body', forge: () => Promise.resolve(new Uint8Array()) },
      {
        name: 'a BEEF that ends too early',
        forge: async () => bytes((await spend([chain.fund()], await token())).toBEEF().slice(0, -5)),
      },
      {
        name: 'bytes after the end',
        forge: async () => bytes([...(await spend([chain.fund()], await token())).toBEEF(), 0]),
      },
      {
        name: 'a Merkle path of a block that is not on the chain',
        forge: async () => {
          const coin = chain.fund()
          chain.roots.set(chain.tip, '00'.repeat(32))
          return bytes((await spend([coin], await token())).toBEEF())
        },
      },
      {
        name: 'the Merkle path of another transaction',
        forge: async () => {
          const mined = chain.fund()
          const transaction = await spend([chain.fund()], await token())
          const beef = new Beef()
          beef.bumps = [mined.transaction.merklePath!]
          beef.mergeRawTx(transaction.toBinary(), 0)
          return beef.toUint8Array()
        },
      },
      {
        name: 'a missing ancestor',
        forge: async () => {
          const parent = await spend([chain.fund()], [], [5000])
          const child = await spend([{ transaction: parent, outputIndex: 0 }], await token())
          const beef = new Beef()
          beef.mergeRawTx(child.toBinary())
          return beef.toUint8Array()
        },
      },
      {
        name: 'an ancestor without a proof',
        forge: async () => {
          const coin = chain.fund()
          delete coin.transaction.merklePath
          return bytes((await spend([coin], await token())).toBEEF(true))
        },
      },
      {
        name: 'a script that does not unlock',
        forge: async () => {
          const transaction = await spend([chain.fund()], await token())
          transaction.outputs[1]!.satoshis = 999 // the signature was over 1000
          return bytes(Transaction.fromBEEF(rebuilt(transaction)).toBEEF())
        },
      },
      {
        name: 'more coming out than going in',
        forge: async () => bytes((await spend([chain.fund(500)], await token(), [1000])).toBEEF()),
      },
      {
        name: 'a transaction without inputs',
        forge: async () => {
          const lockingScript = fundingLock()
          const parent = new Transaction(1, [], [{ satoshis: 0, lockingScript }], 0)
          const beef = new Beef()
          beef.mergeRawTx(parent.toBinary())
          return Promise.resolve(beef.toUint8Array())
        },
      },
      {
        name: 'a coin spent twice in one transaction',
        forge: async () => {
          const coin = chain.fund(600)
          return bytes((await spend([coin, coin], await token(), [1000])).toBEEF())
        },
      },
    ]
    for (const { name, forge } of forgeries) {
      it(name, async () => {
        const { status, body } = await postSubmit(node.url, await forge())
        expect(body).to.include({ status: 'error', code: 'ERR_INVALID_PARAMETERS' })
        expect(status).to.equal(400)
        expect(node.node.store.countOutputs()).to.deep.equal([])
        expect((await node.events('topic=tm_phip&wait=0')).events).to.deep.equal([])
      })
    }

    it('whatever comes while the headers cannot be asked, which is not the fault of the transaction', async () => {
      const transaction = await spend([chain.fund()], await token())
      chain.isHeaderServiceDown = true
      const { status, body } = await postSubmit(node.url, bytes(transaction.toBEEF()))
      expect([status, body['code']]).to.deep.equal([503, 'ERR_UNAVAILABLE'])
      chain.isHeaderServiceDown = false
      expect((await node.submit(transaction))['tm_phip']?.outputsToAdmit).to.deep.equal([0])
    })

    it('ancestries in which every transaction is reached in too many ways, at once', async () => {
      let coin = await spend([chain.fund(1_000_000)], [], [1000, 1000])
      for (let depth = 0; depth < 40; depth++) {
        coin = await spend(
          [0, 1].map((outputIndex) => ({ transaction: coin, outputIndex })),
          [],
          [900 - depth, 900 - depth],
        )
      }
      const started = performance.now()
      const { status, body } = await postSubmit(node.url, bytes(coin.toBEEF()))
      expect(status).to.equal(400)
      expect(body['message']).to.match(/not mined yet/)
      expect(performance.now() - started).to.be.below(2000)
    })
  })

  describe('of tokens', () => {
    it('leaves out what fails a step of the digests', async () => {
      const script = await phipScript()
      const other = await phipScript({ user: identity(0x55) })
      const flipped = Uint8Array.from(script)
      flipped[flipped.length - 10]! ^= 1 // inside the token signature
      const foreignLock = Uint8Array.from(script)
      foreignLock.set((await phipScript({ host: identity(0x44) })).subarray(0, 35)) // another host's lock
      const wrongUser = Uint8Array.from(script)
      wrongUser.set(other.subarray(60, 200), 60)
      const scripts = [flipped, foreignLock, wrongUser, Uint8Array.of(...script, 0x75), script]
      const steak = await node.submit(await spend([chain.fund()], scripts))
      expect(steak['tm_phip']?.outputsToAdmit).to.deep.equal([4])
    })

    it('admits the token vector of the digest', async () => {
      expect(Buffer.from(await phipScript()).toString('hex')).to.match(/^2103ea6b35f297c30d9d8f99d17c9b53b2/)
      expect(host.identityKey).to.match(/^02466d7f/)
    })
  })
})

/** The BEEF of a transaction whose raw bytes were changed after signing. */
function rebuilt(transaction: Transaction): number[] {
  const beef = new Beef()
  for (const { sourceTransaction } of transaction.inputs) beef.mergeTransaction(sourceTransaction!)
  const changed = Transaction.fromHex(transaction.toHex())
  changed.outputs[1]!.satoshis = 999
  beef.mergeRawTx(changed.toBinary())
  return beef.toBinary()
}
