import { createServer, type Server } from 'node:http'
import { signWithdrawal, type IdentityKey, type Withdrawal } from '@overpost/protocol'
import { expect } from 'chai'
import type { Host } from '../../host.ts'
import {
  aliceWallet,
  authorizationBody,
  bobWallet,
  callerFixture,
  hostFixture,
  otherHostWallet,
  walletFixture,
  type TestCaller,
} from '../../testing/host-fixture.ts'
import { bind, unbind } from '../../testing/scripted-peer.ts'

/** That a withdrawal reaches the chain is shown with the real one: test/scenarios/withdrawal.test.ts. */
describe('/publishWithdrawal', () => {
  let host: Host
  let bob: TestCaller
  /** A wallet that never answers: nothing is minted here. */
  let wallet: Server

  beforeEach(async () => {
    wallet = createServer()
    host = await hostFixture({ wallet: { url: await bind(wallet) }, advertiser: { changesPerUser: 100 } })
    bob = callerFixture(bobWallet, host.url)
    await bob.post('/authorizeRouting', await authorizationBody(bobWallet, host, { issuedAtMs: Date.now() - 60_000 }))
  })
  afterEach(async () => {
    bob[Symbol.dispose]()
    wallet.closeAllConnections()
    await unbind(wallet)
    await host[Symbol.asyncDispose]()
  })

  async function body(terms: Partial<Withdrawal> = {}): Promise<Record<string, unknown>> {
    const all = { userKey: bobWallet.identityKey, hostKey: otherHostWallet.identityKey, atMs: Date.now(), ...terms }
    const { hostKey, atMs, signature } = await signWithdrawal(bobWallet, all)
    return { hostKey, atMs, signature: Array.from(signature) }
  }
  const publish = async (terms: Partial<Withdrawal> = {}) => bob.post('/publishWithdrawal', await body(terms))
  const isHome = async () => (await bob.post('/revokeRouting', {})).status === 200

  it('keeps a withdrawal from another host, and stays a home', async () => {
    const request = await body()
    const kept = { status: 200, json: { status: 'success', txid: null } }
    expect(await bob.post('/publishWithdrawal', request)).to.deep.equal(kept)
    expect(await bob.post('/publishWithdrawal', request)).to.deep.equal(kept)
    expect(await isHome()).to.equal(true)
  })

  for (const meant of ['this host', 'ALL'] as const) {
    it(`ends the authorization here when it means ${meant}, until the user authorises anew`, async () => {
      const hostKey = meant === 'ALL' ? meant : host.identityKey
      expect((await publish({ hostKey })).status).to.equal(200)
      expect(await isHome()).to.equal(false)
      const old = await authorizationBody(bobWallet, host, { issuedAtMs: Date.now() - 30_000 })
      expect((await bob.post('/authorizeRouting', old)).json).to.include({ code: 'ERR_INVALID_AUTHORIZATION' })
      await bob.post('/authorizeRouting', await authorizationBody(bobWallet, host, { issuedAtMs: Date.now() + 1_000 }))
      expect(await isHome()).to.equal(true)
    })
  }

  const refused: { name: string; terms: Partial<Withdrawal>; status: number; code: string }[] = [
    { name: 'far ahead', terms: { atMs: Date.now() * 2 }, status: 400, code: 'ERR_INVALID_WITHDRAWAL' },
    {
      name: 'of another user',
      terms: { userKey: aliceWallet.identityKey },
      status: 400,
      code: 'ERR_SIGNATURE_INVALID',
    },
  ]
  for (const { name, terms, status, code } of refused) {
    it(`refuses one ${name}, and keeps nothing`, async () => {
      const answer = await publish({ hostKey: host.identityKey, ...terms })
      expect({ status: answer.status, code: answer.json['code'] }).to.deep.equal({ status, code })
      expect(await isHome()).to.equal(true)
    })
  }

  it('refuses an earlier one, strangers, and more than ten hosts of one user', async () => {
    const atMs = Date.now()
    expect((await publish({ atMs })).status).to.equal(200)
    expect((await publish({ atMs: atMs - 1 })).json).to.include({ code: 'ERR_INVALID_WITHDRAWAL' })
    using alice = callerFixture(aliceWallet, host.url)
    const { hostKey, signature } = await signWithdrawal(aliceWallet, {
      ...{ userKey: aliceWallet.identityKey, hostKey: 'ALL', atMs },
    })
    const ofAlice = { hostKey, atMs, signature: Array.from(signature) }
    expect((await alice.post('/publishWithdrawal', ofAlice)).json).to.include({ code: 'ERR_NOT_AUTHORIZED' })
    const others = Array.from({ length: 10 }, (_, index): IdentityKey => walletFixture(`7${index}`).identityKey)
    for (const other of others.slice(0, 9)) expect((await publish({ hostKey: other })).status).to.equal(200)
    const full = await publish({ hostKey: others[9]! })
    expect(full.status).to.equal(429)
    expect(full.json).to.include({ code: 'ERR_QUOTA_EXCEEDED', limit: 10 })
  })

  it('says so when it has no wallet to publish with', async () => {
    await using poor = await hostFixture()
    using caller = callerFixture(bobWallet, poor.url)
    const answer = await caller.post('/publishWithdrawal', await body())
    expect({ status: answer.status, code: answer.json['code'] }).to.deep.equal({ status: 503, code: 'ERR_UNAVAILABLE' })
  })
})
