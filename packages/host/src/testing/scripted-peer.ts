import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { MutualAuth, readRawBody, type IdentityWallet, type PeerState } from '@overpost/auth'
import type { HostOrigin } from '@overpost/protocol'
import Koa from 'koa'
import { errorAnswers, errorRenderer } from '../http/error-answers.ts'
import { pino } from 'pino'

export interface ScriptedAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers?: Readonly<Record<string, string>>
}

export interface ScriptedPeer extends AsyncDisposable {
  readonly origin: HostOrigin
  /** The paths called so far, with the JSON that came. */
  readonly calls: { path: string; json: unknown; caller: string }[]
}

export type Script = (path: string, json: unknown) => ScriptedAnswer | Promise<ScriptedAnswer>

/** An authenticated host that answers what the test says. */
export async function scriptedPeer(wallet: IdentityWallet, script: Script): Promise<ScriptedPeer> {
  const calls: ScriptedPeer['calls'] = []
  const auth = new MutualAuth({
    wallet,
    sessions: { take: () => Promise.resolve(null), save: () => Promise.resolve() },
  })
  await auth.start()
  const app = new Koa<PeerState>()
  app.use(errorAnswers(errorRenderer(pino({ level: 'silent' }), () => undefined)))
  app.use(readRawBody({ limitBytes: 4_000_000 }))
  app.use(auth.middleware())
  app.use(async (ctx) => {
    const json: unknown = JSON.parse(ctx.state.rawBody.toString('utf8'))
    calls.push({ path: ctx.path, json, caller: ctx.state.peer.identityKey })
    const { status, body, headers = {} } = await script(ctx.path, json)
    ctx.status = status
    ctx.set(headers)
    ctx.body = body
  })
  const answer = app.callback()
  const server = createServer((request, response) => void answer(request, response))
  const origin = await bind(server)
  return { origin, calls, [Symbol.asyncDispose]: () => unbind(server) }
}

/** Binds to a free loopback port. */
export async function bind(server: Server): Promise<HostOrigin> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` as HostOrigin
}

export async function unbind(server: Server): Promise<void> {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
}
