import { nativeSignatureVerifier } from '@overpost/auth'
import type { Statement } from '@overpost/core'
import { signAuthorization, signWithdrawal, verifyPhipToken, verifyWithdrawalToken } from '@overpost/protocol'
import { expect } from 'chai'
import { advertNode, type AdvertNode } from '../testing/advert-node.ts'
import { ChainFixture, datesFixture } from '../testing/chain-fixture.ts'
import { hostWallet, walletFixture } from '../testing/host-fixture.ts'
import { MemoryWallet } from '../testing/memory-wallet.ts'
import { AdvertAnnouncements } from './advert-announcements.ts'
import { WalletAdvertPublisher } from './wallet-advert-publisher.ts'

const never = new AbortController().signal
const anyPrice = () => Promise.resolve(true)

describe('WalletAdvertPublisher', () => {
  let wallet: MemoryWallet
  let nodes: AdvertNode[]
  let failures: string[]

  beforeEach(async () => {
    wallet = new MemoryWallet(new ChainFixture())
    nodes = [await advertNode(), await advertNode()]
    failures = []
  })
  afterEach(() => Promise.all(nodes.map((node) => node[Symbol.asyncDispose]())))

  /** What a start of the host makes: nothing but the wallet is remembered from before. */
  const start = () =>
    new WalletAdvertPublisher({
      openWallet: () => wallet,
      signer: hostWallet,
      announcements: new AdvertAnnouncements({
        urls: nodes.map(({ origin }) => origin),
        timeoutMs: 1_000,
        failed: ({ reason }) => failures.push(reason),
      }),
    })
  const authorization = async (digits: string): Promise<Statement> => {
    const user = walletFixture(digits)
    const authorization = await signAuthorization(user, {
      userKey: user.identityKey,
      hostKey: hostWallet.identityKey,
      origin: 'https://relay.example',
      pattern: null,
      dates: datesFixture(1_700_000_000_000),
    })
    return { kind: 'authorization', authorization }
  }
  const authorizations = () => Promise.all(['51', '52', '53'].map(authorization))
  const shown = () =>
    nodes.map(({ tokens }) => [...tokens.values()].map(({ spentBy }) => (spentBy === null ? 'live' : 'spent')))

  it('mints one token for each authorization in one transaction, and tells every node', async () => {
    const publisher = start()
    const create = await authorizations()
    expect(await publisher.list(never)).to.deep.equal([])
    const txid = await publisher.publish({ create, spend: [] }, anyPrice, never)
    expect(wallet.made.map((made) => made.id('hex'))).to.deep.equal([txid])
    const adverts = await publisher.list(never)
    expect(adverts.map((advert) => advert.statement)).to.deep.equal(create)
    for (const { transaction, index } of wallet.held.values()) {
      const script = Uint8Array.from(transaction.outputs[index]!.lockingScript.toBinary())
      expect(verifyPhipToken(script, { verifier: nativeSignatureVerifier(), allowHttp: false })).to.have.property(
        'token',
      )
    }
    expect(await publisher.announce(never)).to.equal(0)
    expect(shown()).to.deep.equal([Array(3).fill('live'), Array(3).fill('live')])
    expect(await publisher.announce(never)).to.equal(0)
    expect(nodes.map(({ submitted }) => submitted)).to.deep.equal([[txid], [txid]])
  })

  it('creates and spends in one transaction, and uses the mark of a spend again once all know of it', async () => {
    const publisher = start()
    const [first, second, third] = await authorizations()
    await publisher.list(never)
    await publisher.publish({ create: [first!, second!], spend: [] }, anyPrice, never)
    await publisher.announce(never)
    const [advert] = await publisher.list(never)
    await publisher.publish({ create: [third!], spend: [advert!] }, anyPrice, never)
    expect((await publisher.list(never)).map(({ userKey }) => userKey)).to.deep.equal(
      ['52', '53'].map((digits) => walletFixture(digits).identityKey),
    )
    expect(await publisher.announce(never)).to.equal(0)
    expect(shown()).to.deep.equal(Array(2).fill(['spent', 'live', 'live']))
    expect(wallet.held.size).to.equal(3)
    await publisher.publish({ create: [first!], spend: [] }, anyPrice, never)
    expect(wallet.held.size).to.equal(3)
  })

  it('goes on telling a node that is down, the same transaction, and leaves the others alone', async () => {
    const publisher = start()
    nodes[1]!.isDown = true
    await publisher.list(never)
    const txid = await publisher.publish({ create: await authorizations(), spend: [] }, anyPrice, never)
    expect(await publisher.announce(never)).to.equal(1)
    expect(failures).to.deep.equal(['status 503'])
    nodes[1]!.isDown = false
    expect(await publisher.announce(never)).to.equal(0)
    expect(nodes.map(({ submitted }) => submitted)).to.deep.equal([[txid], [txid]])
  })

  it('tells nodes after a restart what they missed, spends too, and sends nothing that they know', async () => {
    const before = start()
    await before.list(never)
    const create = await authorizations()
    const created = await before.publish({ create, spend: [] }, anyPrice, never)
    await before.announce(never)
    nodes[1]!.isDown = true
    const [advert] = await before.list(never)
    const spent = await before.publish({ create: [], spend: [advert!] }, anyPrice, never)
    await before.announce(never)
    expect(shown()).to.deep.equal([
      ['spent', 'live', 'live'],
      ['live', 'live', 'live'],
    ])

    nodes[1]!.isDown = false
    const after = start()
    expect(await after.list(never)).to.have.length(2)
    expect(await after.announce(never)).to.equal(0)
    expect(shown()).to.deep.equal(Array(2).fill(['spent', 'live', 'live']))
    expect(nodes.map(({ submitted }) => submitted)).to.deep.equal(Array(2).fill([created, spent]))
  })

  it('does not count a spend as known where the token itself is not known yet', async () => {
    const publisher = start()
    nodes[1]!.isDown = true
    await publisher.list(never)
    await publisher.publish({ create: await authorizations(), spend: [] }, anyPrice, never)
    const [advert] = await publisher.list(never)
    await publisher.publish({ create: [], spend: [advert!] }, anyPrice, never)
    expect(await publisher.announce(never)).to.equal(2)
    nodes[1]!.isDown = false
    expect(await publisher.announce(never)).to.equal(0)
    expect(shown()).to.deep.equal(Array(2).fill(['spent', 'live', 'live']))
  })

  it('gives tokens free again when the wallet does not sign, and rejects when it does not pay', async () => {
    const publisher = start()
    await publisher.list(never)
    const create = await authorizations()
    await publisher.publish({ create, spend: [] }, anyPrice, never)
    const [advert] = await publisher.list(never)
    for (const refusal of ['create', 'sign'] as const) {
      wallet.refuses = refusal
      const outcome = await publisher
        .publish({ create: [], spend: [advert!] }, anyPrice, never)
        .catch((error: unknown) => error)
      expect(outcome).to.be.instanceOf(Error)
    }
    expect(wallet.aborted).to.equal(1)
    expect(await publisher.list(never)).to.have.length(3)
  })

  it('mints a withdrawal beside adverts, gives it back after a restart, and spends it', async () => {
    const user = walletFixture('51')
    const terms = { userKey: user.identityKey, hostKey: walletFixture('44').identityKey, atMs: 1_700_000_000_000 }
    const withdrawal: Statement = { kind: 'withdrawal', withdrawal: await signWithdrawal(user, terms) }
    const publisher = start()
    await publisher.list(never)
    const [first] = await authorizations()
    await publisher.publish({ create: [withdrawal, first!], spend: [] }, anyPrice, never)
    expect(await publisher.announce(never)).to.equal(0)
    expect(shown()).to.deep.equal(Array(2).fill(['live', 'live']))
    const [minted] = [...wallet.held.values()]
    const script = Uint8Array.from(minted!.transaction.outputs[minted!.index]!.lockingScript.toBinary())
    expect(verifyWithdrawalToken(script, { verifier: nativeSignatureVerifier() })).to.have.property('token')

    const after = start()
    const held = await after.list(never)
    expect(held.map(({ statement }) => statement)).to.deep.equal([withdrawal, first])
    await after.publish({ create: [], spend: held.slice(0, 1) }, anyPrice, never)
    expect((await after.list(never)).map(({ statement }) => statement)).to.deep.equal([first])
  })

  it('counts a withdrawal as known where a later one hides it, as another host may have published', async () => {
    const user = walletFixture('51')
    const terms = { userKey: user.identityKey, hostKey: walletFixture('44').identityKey }
    const withdrawal = async (atMs: number): Promise<Statement> => {
      return { kind: 'withdrawal', withdrawal: await signWithdrawal(user, { ...terms, atMs }) }
    }
    const publisher = start()
    await publisher.list(never)
    await publisher.publish({ create: [await withdrawal(1)], spend: [] }, anyPrice, never)
    await publisher.announce(never)
    await publisher.publish({ create: [await withdrawal(2)], spend: [] }, anyPrice, never)
    await publisher.announce(never)
    for (const { tokens } of nodes) tokens.delete([...tokens.keys()][0]!)

    const after = start()
    await after.list(never)
    expect(await after.announce(never)).to.equal(0)
  })

  it('tells a node that refuses it again with its proof, once it is mined', async () => {
    const publisher = start()
    await publisher.list(never)
    nodes[1]!.isDown = true
    const txid = await publisher.publish({ create: await authorizations(), spend: [] }, anyPrice, never)
    wallet.mine(txid!)
    for (let round = 0; round < 4; round++) {
      await publisher.announce(never)
      await publisher.list(never)
    }
    nodes[1]!.isDown = false
    await publisher.announce(never)
    expect(nodes[1]!.tokens.get(`${txid}.0`)?.transaction.merklePath).to.not.equal(undefined)
  })

  it('tells what a transaction costs before it is made, and makes none that is not afforded', async () => {
    const publisher = start()
    await publisher.list(never)
    const create = await authorizations()
    const asked: number[] = []
    const no = (satoshis: number) => {
      asked.push(satoshis)
      return Promise.resolve(false)
    }
    expect(await publisher.publish({ create, spend: [] }, no, never)).to.equal(null)
    expect([wallet.made.length, wallet.aborted]).to.deep.equal([0, 1])
    // This wallet pays with a coin of 1,000 and takes no change.
    expect(asked).to.deep.equal([1_000])
  })

  it('leaves tokens of other hosts in the same wallet alone', async () => {
    const other = walletFixture('44')
    const publisher = new WalletAdvertPublisher({
      openWallet: () => wallet,
      signer: other,
      announcements: new AdvertAnnouncements({ urls: [], timeoutMs: 1_000, failed: () => undefined }),
    })
    await start().publish({ create: await authorizations(), spend: [] }, anyPrice, never)
    expect(await publisher.list(never)).to.deep.equal([])
  })
})
