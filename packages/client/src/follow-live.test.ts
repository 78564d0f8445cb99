import { IdentityWallet, nativeSignatureVerifier } from '@overpost/auth'
import { expect } from 'chai'
import { LiveSocket } from './live-socket.ts'
import { MessageBoxClient } from './message-box-client.ts'
import { RelayClientError } from './relay-client-error.ts'
import { LiveTestHost, type TestConnection } from './testing/live-test-host.ts'

const wallet = new IdentityWallet('11'.repeat(32))
const unreachable = () => Promise.reject(new Error('only the live door is open'))

function clientOf(live: LiveTestHost, options: { timeoutMs?: number; expectedHostKey?: string } = {}) {
  const host = 'http://live.example'
  const platform = { transport: unreachable, openWebSocket: live.open, verifier: nativeSignatureVerifier() }
  return new MessageBoxClient({ wallet, host, ...platform, ...options })
}

/** Follows until `stop` aborts. Resolves to what it threw, or null. */
function follow(client: MessageBoxClient, stop: AbortController): Promise<unknown> {
  return client
    .follow({ box: 'inbox', signal: stop.signal })
    .next()
    .then(
      () => null,
      (error: unknown) => error,
    )
}

describe('following a host over a live connection', () => {
  let live: LiveTestHost
  let stop: AbortController
  beforeEach(async () => {
    live = await LiveTestHost.start('22'.repeat(32))
    stop = new AbortController()
  })
  afterEach(() => stop.abort())
  const connected = (number: number) =>
    new Promise<TestConnection>((resolve) => {
      live.onOpen = (connection, at) => {
        if (at === number) resolve(connection)
      }
    })

  it('believes the key that it was shown first, however often the connection is made again', async () => {
    const first = connected(0)
    const ended = follow(clientOf(live), stop)
    const connection = await first
    await new Promise<void>((resolve) => (connection.onEvent = () => resolve()))
    await live.become('33'.repeat(32))
    connection.close()
    const error = await ended
    expect(error).to.be.instanceOf(RelayClientError).and.to.include({ code: 'ERR_WRONG_HOST' })
    expect(live.connections[1]?.heard).to.deep.equal([])
  })

  it('refuses a host with another key than the one it must have', async () => {
    const client = clientOf(live, { expectedHostKey: new IdentityWallet('33'.repeat(32)).identityKey })
    expect(await follow(client, stop)).to.include({ code: 'ERR_WRONG_HOST' })
  })

  it('asks a host that says nothing, and connects again when it is still silent', async () => {
    const second = connected(1)
    const ended = follow(clientOf(live, { timeoutMs: 50 }), stop)
    await second
    expect(live.connections[0]?.heard).to.deep.equal(['follow', 'authenticated'])
    expect(live.connections[0]?.isClosed).to.equal(true)
    stop.abort()
    expect(await ended).to.equal(null)
  })

  it('stays with a host that answers when it is asked', async () => {
    let asked = 0
    const thrice = new Promise<void>((resolve) => {
      live.onOpen = (connection) => {
        connection.onEvent = (name) => {
          if (name !== 'authenticated') return
          connection.push('authenticationSuccess', {})
          if (++asked === 3) resolve()
        }
      }
    })
    const ended = follow(clientOf(live, { timeoutMs: 50 }), stop)
    await thrice
    expect(live.connections).to.have.length(1)
    stop.abort()
    expect(await ended).to.equal(null)
  })
})

describe('a live connection whose reader is slow', () => {
  class Socket extends EventTarget {
    isClosed = false
    send(): void {
      throw new Error('nothing is sent here')
    }
    close(): void {
      this.isClosed = true
    }
    deliver(data: string): void {
      this.dispatchEvent(Object.assign(new Event('message'), { data }))
    }
  }
  const mebi = 'x'.repeat(1024 * 1024)
  async function open(): Promise<{ socket: Socket; live: LiveSocket }> {
    const socket = new Socket()
    const opening = LiveSocket.open(socket, new AbortController().signal)
    socket.dispatchEvent(new Event('open'))
    return { socket, live: (await opening)! }
  }

  it('is ended when too much waits, and gives out what came before', async () => {
    const { socket, live } = await open()
    for (let at = 0; at < 16; at += 1) socket.deliver(mebi)
    expect(socket.isClosed).to.equal(false)
    socket.deliver('one more')
    expect(socket.isClosed).to.equal(true)
    for (let at = 0; at < 16; at += 1) expect(await live.next()).to.equal(mebi)
    expect(await live.next()).to.equal('one more')
    const error = await live.next().catch((caught: unknown) => caught)
    expect(error).to.include({ fault: 'unreachable' })
  })

  it('goes on for a reader that keeps up, however much comes in all', async () => {
    const { socket, live } = await open()
    for (let at = 0; at < 40; at += 1) {
      socket.deliver(mebi)
      expect(await live.next()).to.equal(mebi)
    }
    expect(socket.isClosed).to.equal(false)
  })
})
