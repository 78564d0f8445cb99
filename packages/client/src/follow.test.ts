import { IdentityWallet, nativeSignatureVerifier } from '@overpost/auth'
import { expect } from 'chai'
import type { FollowOptions } from './follow.ts'
import type { WebSocketLike } from './live-socket.ts'
import { MessageBoxClient } from './message-box-client.ts'
import { RelayClientError } from './relay-client-error.ts'
import { TestHost } from './testing/test-host.ts'

/** The live connection itself is tested against real hosts, in test/scenarios. */
describe('following a host without live connections', () => {
  const wallet = new IdentityWallet('11'.repeat(32))
  let host: TestHost
  let opened = 0
  beforeEach(async () => {
    host = await TestHost.start()
    opened = 0
  })
  afterEach(() => host[Symbol.asyncDispose]())

  const client = () =>
    new MessageBoxClient({ wallet, host: host.origin, verifier: nativeSignatureVerifier(), openWebSocket: broken })
  /** What a WebSocket does when the host answers no upgrade. */
  const broken = (): WebSocketLike => {
    opened += 1
    const target = new EventTarget()
    queueMicrotask(() => target.dispatchEvent(new Event('error')))
    return Object.assign(target, { send: () => undefined, close: () => undefined })
  }
  const send = (body: string) => client().send({ recipient: wallet.identityKey, box: 'inbox', body })
  const follow = (options: Partial<FollowOptions> = {}) => client().follow({ box: 'inbox', ...options })

  it('lists instead, each message once, opened and verified, and tries the live way again', async () => {
    await send('one')
    await send('two')
    const messages = follow({ withEnvelope: true })
    expect((await messages.next()).value).to.include({ body: 'one', secrecy: 'opened', verified: true })
    expect((await messages.next()).value).to.include({ body: 'two', cursor: '2' })
    const third = messages.next()
    host.answers.push((ctx) => void (ctx.status = 503))
    await send('three')
    expect((await third).value).to.include({ body: 'three', cursor: '3' })
    expect(opened).to.be.greaterThan(1)
    await messages.return()
  })

  it('goes on from a cursor', async () => {
    await send('one')
    await send('two')
    const messages = follow({ cursor: '1' })
    expect((await messages.next()).value).to.include({ body: 'two' })
    await messages.return()
  })

  it('shows each once of a host that knows no cursors', async () => {
    const item = (messageId: string) => ({ messageId, sender: wallet.identityKey, body: '{"message":"plain"}' })
    for (const ids of [['a'], ['a', 'b']]) {
      host.answers.push((ctx) => void (ctx.body = { status: 'success', messages: ids.map(item) }))
    }
    const messages = follow()
    expect((await messages.next()).value).to.include({ messageId: 'a', cursor: null })
    expect((await messages.next()).value).to.include({ messageId: 'b', cursor: null })
    await messages.return()
  })

  it('ends with the signal, while it waits', async () => {
    const stop = new AbortController()
    const next = follow({ signal: stop.signal }).next()
    stop.abort()
    expect(await next).to.deep.equal({ done: true, value: undefined })
  })

  it('throws what the host refuses for good', async () => {
    host.answers.push((ctx) => {
      ctx.status = 400
      ctx.body = { status: 'error', code: 'ERR_INVALID_CURSOR', description: 'no cursor' }
    })
    const error = await follow({ cursor: 'x' })
      .next()
      .catch((caught: unknown) => caught)
    expect(error).to.be.instanceOf(RelayClientError)
    expect(error).to.include({ code: 'ERR_INVALID_CURSOR', status: 400 })
  })
})
