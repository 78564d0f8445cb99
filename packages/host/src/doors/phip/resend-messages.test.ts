import { expect } from 'chai'
import type { Host } from '../../host.ts'
import { Federation } from '../../testing/federation.ts'
import {
  aliceWallet,
  bobWallet,
  hostWallet,
  otherHostWallet,
  walletFixture,
  type TestAnswer,
  type TestCaller,
} from '../../testing/host-fixture.ts'

/** What a host that was restored is answered. What then goes again: test/scenarios/restore.test.ts. */
describe('/resendMessages', () => {
  let federation: Federation
  let a: Host
  let b: TestCaller

  beforeEach(async () => {
    federation = await Federation.start()
    a = await federation.host('22')
    b = federation.caller(otherHostWallet, a)
  })
  afterEach(() => federation[Symbol.asyncDispose]())

  const ask = (log: unknown, by = b): Promise<TestAnswer> => by.post('/resendMessages', { log })
  const again = (isAgain: boolean): TestAnswer => ({ status: 200, json: { status: 'success', again: isAgain } })
  const deliver = async (): Promise<void> => {
    const home = await federation.host('44')
    await federation.settle(aliceWallet, a, hostWallet)
    await federation.settle(bobWallet, home, otherHostWallet)
    const message = { recipient: bobWallet.identityKey, messageBox: 'inbox', messageId: 'm1', body: 'hello' }
    const { status } = await federation.caller(aliceWallet, a).post('/sendMessage', { message })
    expect(status).to.equal(200)
    expect(await federation.arrived(bobWallet, home)).to.have.length(1)
  }

  it('says that what was delivered to the caller goes again, once for a name, and at another name once an hour', async () => {
    await deliver()
    expect(await ask('a-new-name')).to.deep.equal(again(true))
    expect(await ask('a-new-name')).to.deep.equal(again(false))
    const soon = await ask('another-name')
    expect(soon.status).to.equal(429)
    expect(soon.json).to.deep.include({ status: 'error', code: 'ERR_RATE_LIMITED' })
  })

  it('has nothing for a caller to whom nothing was delivered, and remembers no name of theirs', async () => {
    await deliver()
    const stranger = federation.caller(walletFixture('66'), a)
    for (const log of ['one', 'two']) expect(await ask(log, stranger)).to.deep.equal(again(false))
    expect(await ask('a-new-name'), 'and what is of others stands').to.deep.equal(again(true))
  })

  for (const log of [undefined, '', 7, 'no such letters: é', 'x'.repeat(65)]) {
    it(`refuses a name that is ${JSON.stringify(log)}`, async () => {
      const { status, json } = await ask(log)
      expect([status, json['code']]).to.deep.equal([400, 'ERR_INVALID_PARAMETERS'])
    })
  }

  it('hears nobody who does not prove their key', async () => {
    const answer = await fetch(`${a.url}/resendMessages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"log":"x"}',
    })
    expect(answer.status).to.equal(401)
  })
})
