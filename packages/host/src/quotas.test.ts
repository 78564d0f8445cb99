import { expect } from 'chai'
import type { Host } from './host.ts'
import {
  aliceWallet,
  bobWallet,
  callerFixture,
  hostFixture,
  walletFixture,
  type TestCaller,
} from './testing/host-fixture.ts'

const bobKey = bobWallet.identityKey
const carolWallet = walletFixture('55')

describe('the quotas of a host', () => {
  let host: Host
  let alice: TestCaller
  let bob: TestCaller
  beforeEach(async () => {
    host = await hostFixture({ quotas: { mailbox: { messages: 2 } } })
    alice = callerFixture(aliceWallet, host.url)
    bob = callerFixture(bobWallet, host.url)
  })
  afterEach(async () => {
    alice[Symbol.dispose]()
    bob[Symbol.dispose]()
    await host[Symbol.asyncDispose]()
  })
  const send = (recipients: readonly string[], id: string) =>
    alice.post('/sendMessage', {
      message: { recipients, messageBox: 'inbox', messageId: recipients.map(() => id), body: 'hello' },
    })
  const fill = async () => {
    for (const id of ['a', 'b']) expect((await send([bobKey], id)).status).to.equal(200)
  }

  it('refuse a message to a full mailbox, and say whose it is', async () => {
    await fill()
    const { status, json } = await send([carolWallet.identityKey, bobKey], 'c')
    expect({ status, code: json['code'] }).to.deep.equal({ status: 429, code: 'ERR_QUOTA_EXCEEDED' })
    expect(json['fullRecipients']).to.deep.equal([bobKey])
    expect((await send([carolWallet.identityKey], 'd')).status).to.equal(200)
    const metrics = await (await fetch(`${host.url}/metrics`)).text()
    expect(metrics).to.include('relay_over_quota_total{quota="mailbox full"} 2')
  })

  it('let a full mailbox be read and emptied, and then take more', async () => {
    await fill()
    const { json } = await bob.post('/listMessages', { messageBox: 'inbox' })
    expect(json['messages']).to.have.length(2)
    expect((await bob.post('/acknowledgeMessage', { messageIds: ['a'] })).status).to.equal(200)
    expect((await send([bobKey], 'c')).status).to.equal(200)
  })
})
