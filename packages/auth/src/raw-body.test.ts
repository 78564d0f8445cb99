import { once } from 'node:events'
import { createServer } from 'node:http'
import { connect, type AddressInfo, type Socket } from 'node:net'
import Koa from 'koa'
import { expect } from 'chai'
import { readRawBody, type RawBodyState } from './raw-body.ts'
import { renderError } from './render-error.ts'
import { sendRaw } from './testing/auth-host.ts'

async function startServer(limits: { limitBytes: number; timeoutMs?: number }) {
  const faults: string[] = []
  const app = new Koa<RawBodyState>()
  app.silent = true
  app.use(async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      faults.push((error as { code?: string }).code ?? String(error))
      renderError(ctx, error)
    }
  })
  app.use(readRawBody(limits))
  app.use((ctx) => {
    ctx.body = `${ctx.state.rawBody.length} ${ctx.state.rawBody.toString('latin1', 0, 10)}`
  })
  const handler = app.callback()
  const server = createServer((request, response) => void handler(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    faults,
    port,
    origin: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
    },
  }
}

async function readAll(socket: Socket): Promise<string> {
  let text = ''
  for await (const chunk of socket) text += String(chunk)
  return text
}

describe('readRawBody', () => {
  const post = (length: number) => ({ method: 'POST', path: '/', headers: {}, body: Buffer.alloc(length, 'x') })

  for (const chunked of [false, true]) {
    it(`reads a body ${chunked ? 'in chunks' : 'of known length'}, up to the limit`, async () => {
      await using server = await startServer({ limitBytes: 100 })
      for (const length of [1, 2, 99, 100]) {
        const answer = await sendRaw(server.origin, post(length), chunked)
        expect(answer.body).to.equal(`${length} ${'x'.repeat(Math.min(10, length))}`)
      }
    })

    it(`refuses a body ${chunked ? 'in chunks' : 'of known length'} above the limit with 413`, async () => {
      await using server = await startServer({ limitBytes: 100 })
      for (const length of [101, 50_000]) {
        const answer = await sendRaw(server.origin, post(length), chunked)
        expect(answer.status).to.equal(413)
        expect(answer.headers.connection).to.equal('close')
        expect(answer.body).to.include('ERR_BODY_TOO_LARGE')
      }
    })
  }

  it('reads no body as an empty one', async () => {
    await using server = await startServer({ limitBytes: 100 })
    expect((await sendRaw(server.origin, { ...post(0), method: 'GET' })).body).to.equal('0 ')
    expect((await sendRaw(server.origin, post(0))).body).to.equal('0 ')
  })

  it('refuses a body that comes too slowly with 408', async () => {
    await using server = await startServer({ limitBytes: 100, timeoutMs: 50 })
    const socket = connect(server.port, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc')
    const answer = await readAll(socket)
    expect(answer)
      .to.match(/^HTTP\/1\.1 408 /)
      .and.include('ERR_REQUEST_TIMEOUT')
  })

  it('gives up when the caller goes away half-way', async () => {
    await using server = await startServer({ limitBytes: 100 })
    const socket = connect(server.port, '127.0.0.1')
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nabc', () => socket.destroySoon())
    await once(socket, 'close')
    while (server.faults.length === 0) await new Promise((resolve) => setImmediate(resolve))
    expect(server.faults).to.deep.equal(['ERR_INVALID_REQUEST'])
  })
})
