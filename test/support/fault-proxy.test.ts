import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import { seededRandom } from '@overpost/core/testing'
import { expect } from 'chai'
import { FaultProxy, type FaultPlan } from './fault-proxy.ts'
import { until } from './until.ts'

/** A check of the tool: scenarios show nothing when the proxy does nothing. */
describe('the proxy that breaks connections', () => {
  let server: Server
  let proxy: FaultProxy
  const taken: string[] = []
  const callers: Socket[] = []

  beforeEach(async () => {
    taken.length = 0
    server = createServer((request, response) => {
      taken.push(request.url ?? '')
      response.end('hello')
    })
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    proxy = await startProxy(1)
  })
  afterEach(async () => {
    for (const caller of callers.splice(0)) caller.destroy()
    await proxy[Symbol.asyncDispose]()
    server.closeAllConnections()
    await once(server.close(), 'close')
  })

  const startProxy = (seed: number) => FaultProxy.start((server.address() as AddressInfo).port, seededRandom(seed))

  /** Asks on a connection of its own: what came back, and how it ended, as far as it did. */
  function ask(path: string): { text: string; end: string | null } {
    const seen: { text: string; end: string | null } = { text: '', end: null }
    const socket = connect(Number(new URL(proxy.url).port), '127.0.0.1')
    callers.push(socket)
    socket.on('data', (chunk: Buffer) => (seen.text += chunk.toString('latin1')))
    socket.on('error', (error: NodeJS.ErrnoException) => (seen.end = error.code ?? 'error'))
    socket.on('close', () => (seen.end ??= 'closed'))
    socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`)
    return seen
  }
  const ended = (seen: { end: string | null }) => until('an end', () => seen.end)

  it('passes all on, and tells of the answer before its first byte', async () => {
    const told: [string, number, string][] = []
    const seen = ask('/one')
    proxy.onAnswer = (path, status) => told.push([path, status, seen.text])
    expect(await ended(seen)).to.equal('closed')
    expect(seen.text).to.match(/^HTTP\/1\.1 200 [^]*hello/)
    expect(told).to.deep.equal([['/one', 200, '']])
  })

  it('cuts and resets after so many bytes', async () => {
    proxy.inflict(() => ({ toCaller: { kind: 'cut', afterBytes: 12 } }))
    const cut = ask('/cut')
    expect([await ended(cut), cut.text]).to.deep.equal(['closed', 'HTTP/1.1 200'])
    proxy.inflict(() => ({ toHost: { kind: 'reset', afterBytes: 5 } }))
    expect(await ended(ask('/reset'))).to.equal('ECONNRESET')
    expect(taken).to.deep.equal(['/cut'])
  })

  it('goes silent, and tells nobody', async () => {
    proxy.inflict(() => ({ toCaller: { kind: 'half-open', afterBytes: 0 } }))
    const seen = ask('/silent')
    await until('the request', () => taken.length === 1)
    expect(seen).to.deep.equal({ text: '', end: null })
    proxy.heal()
    await ended(ask('/healed'))
    expect(seen, 'still').to.deep.equal({ text: '', end: null })
  })

  it('holds one way back, and lets it go when it heals', async () => {
    proxy.inflict(() => ({ toCaller: { kind: 'held' } }))
    const seen = ask('/held')
    await until('the request', () => taken.length === 1)
    expect(seen.text).to.equal('')
    proxy.heal()
    await until('the answer', () => seen.text.includes('hello'))
  })

  it('drops the answers to some requests only', async () => {
    proxy.inflict(() => ({ toCaller: { kind: 'unheard', path: /two/, fraction: 1 } }))
    const [one, two] = [ask('/one'), ask('/two')]
    await Promise.all([ended(one), ended(two)])
    expect([one.text.includes('hello'), two.text]).to.deep.equal([true, ''])
    expect(taken.toSorted()).to.deep.equal(['/one', '/two'])
  })

  it('draws the same for the same seed, one connection after another or all at once', async () => {
    const asked = Array.from({ length: 24 }, (_, n) => `/${n}`)
    const plan = (): ReturnType<FaultPlan> => ({ toCaller: { kind: 'unheard', path: /./, fraction: 0.5 } })
    const lost = (answers: readonly { text: string }[]): string[] => asked.filter((_, n) => answers[n]!.text === '')
    proxy.inflict(plan)
    const inTurn: { text: string }[] = []
    for (const path of asked) {
      const seen = ask(path)
      await ended(seen)
      inTurn.push(seen)
    }
    const drawnAnew = async (seed: number): Promise<string[]> => {
      await proxy[Symbol.asyncDispose]()
      proxy = await startProxy(seed)
      proxy.inflict(plan)
      const atOnce = asked.map(ask)
      await Promise.all(atOnce.map(ended))
      return lost(atOnce)
    }
    expect(await drawnAnew(1)).to.deep.equal(lost(inTurn))
    expect(await drawnAnew(2)).to.not.deep.equal(lost(inTurn))
  })

  it('delays, and slows down', async () => {
    for (const fault of [
      { kind: 'delay', meanMs: 60, jitterMs: 0 },
      { kind: 'throttle', bytesPerSecond: 1_000_000, lossFraction: 1, stallMs: 60 },
    ] as const) {
      proxy.inflict(() => ({ toHost: fault }))
      const startedAt = performance.now()
      await ended(ask('/later'))
      expect(performance.now() - startedAt).to.be.at.least(59)
    }
  })

  it('is down every other while, and up in the end', async () => {
    const flapping = proxy.flap(100, 2)
    expect(await ended(ask('/down'))).to.equal('ECONNRESET')
    await flapping
    expect(await ended(ask('/up'))).to.equal('closed')
    expect(taken).to.deep.equal(['/up'])
  })
})
