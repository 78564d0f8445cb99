import { MessageBoxClient, RelayClientError, type FollowedMessage } from '@overpost/client'
import { expect } from 'chai'
import { newPerson } from '../support/person.ts'
import { TestNetwork } from '../support/test-network.ts'

const box = 'in-box'

describe('following a box', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const [alice, bob] = [newPerson(), newPerson()]
  before(async () => {
    network = await TestNetwork.start({ hosts: 1 })
    await network.authorize(bob, 'A')
  })
  after(() => (network as TestNetwork | undefined)?.[Symbol.asyncDispose]())

  const send = (body: string) => network.client(alice, 'A').send({ recipient: bob.key, box, body, messageId: body })
  const next = async (messages: ReturnType<MessageBoxClient['follow']>): Promise<FollowedMessage> => {
    const { value } = await messages.next()
    if (value === undefined) throw new Error('it has ended')
    return value
  }

  it('shows each message once and in order, over kills of the host, opened and verified; and goes on from any of them', async () => {
    const count = 40
    const kills = [10, 25]
    const messages = network.client(bob, 'A').follow({ box, withEnvelope: true })
    const seen: FollowedMessage[] = []
    for (let n = 0; n < count; n += 1) {
      await send(`message ${n}`)
      // The reader stays three behind, so that some wait when the host dies.
      if (n >= 3) seen.push(await next(messages))
      if (kills.includes(n)) {
        await network.kill('A')
        await network.restart('A')
      }
    }
    while (seen.length < count) seen.push(await next(messages))
    expect(seen.map(({ body }) => body)).to.deep.equal(Array.from({ length: count }, (_, n) => `message ${n}`))
    for (const message of seen) expect(message).to.include({ sender: alice.key, verified: true, secrecy: 'opened' })

    const silence = messages.next()
    await send('last')
    expect((await silence).value).to.include({ body: 'last' })
    await messages.return()

    const { cursor } = seen[20]!
    const again = network.client(bob, 'A').follow({ box, ...(cursor === null ? {} : { cursor }) })
    expect(await next(again)).to.include({ body: 'message 21', verified: null })
    await again.return()
  })

  it('is live: what comes is pushed, with no listing in between', async () => {
    let calls = 0
    const client = new MessageBoxClient({
      wallet: bob.wallet,
      host: network.host('A').url,
      openWebSocket: network.openWebSocket,
      transport: (request) => {
        calls += 1
        return network.transport(request)
      },
    })
    const stop = new AbortController()
    const messages = client.follow({ box: 'pushed', signal: stop.signal })
    const first = messages.next()
    await network.client(alice, 'A').send({ recipient: bob.key, box: 'pushed', body: 'now' })
    expect((await first).value).to.include({ body: 'now' })
    const second = messages.next()
    stop.abort()
    expect(await second).to.deep.equal({ done: true, value: undefined })
    expect(calls).to.equal(0)
  })

  it('throws what will not be better: another host, a cursor that is none', async () => {
    const codeOf = async (messages: AsyncGenerator): Promise<unknown> => {
      const error = await messages.next().catch((caught: unknown) => caught)
      return error instanceof RelayClientError ? error.code : error
    }
    const { openWebSocket } = network
    const [wallet, host] = [bob.wallet, network.host('A').url]
    const elsewhere = new MessageBoxClient({ wallet, host, openWebSocket, expectedHostKey: alice.key })
    expect(await codeOf(elsewhere.follow({ box }))).to.equal('ERR_WRONG_HOST')
    expect(await codeOf(network.client(bob, 'A').follow({ box, cursor: 'x' }))).to.equal('ERR_INVALID_CURSOR')
  })
})
