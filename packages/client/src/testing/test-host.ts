import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { IdentityWallet, MutualAuth, nativeSignatureVerifier, readRawBody, type PeerState } from '@overpost/auth'
import {
  capabilityPath,
  parseAcknowledgeMessage,
  parseAuthorizeRouting,
  parseListMessages,
  parseSendMessage,
  RelayError,
  requireAuthorization,
  signCapabilityDocument,
  wrapBody,
  contentOf,
  type CapabilityDocument,
  type HostOrigin,
  type IdentityKey,
  type RoutingAuthorization,
  type SendMessageRequest,
} from '@overpost/protocol'
import Koa, { type Context } from 'koa'

/** A message as the test host keeps it. */
export interface KeptMessage {
  readonly sender: IdentityKey
  readonly request: SendMessageRequest
}

/**
 * A relay host of a few lines, over a real socket and behind our real mutual authentication: enough to see what a client
 * sends, and to answer badly. One user only.
 */
export class TestHost implements AsyncDisposable {
  readonly origin: HostOrigin
  readonly wallet: IdentityWallet
  readonly kept: KeptMessage[] = []
  readonly authorizations: RoutingAuthorization[] = []
  /** Taken from the front, one for each authenticated call: instead of the true answer. */
  readonly answers: ((ctx: Context) => void | Promise<void>)[] = []
  /** What the host says of itself, beside its signature. */
  document: CapabilityDocument
  readonly #server: Server
  readonly #auth: MutualAuth

  private constructor(server: Server, wallet: IdentityWallet, auth: MutualAuth, origin: string) {
    this.#server = server
    this.#auth = auth
    this.wallet = wallet
    this.origin = origin as HostOrigin
    this.document = {
      version: 1,
      identityKey: wallet.identityKey,
      origin: this.origin,
      software: 'test',
      issuedAtMs: Date.now(),
      openToNewIdentities: true,
      memoryDays: 7,
      proofs: ['envelope'],
      limits: { bodyBytes: 1_000_000, recipients: 100 },
    }
  }

  static async start(): Promise<TestHost> {
    const wallet = new IdentityWallet('22'.repeat(32))
    const auth = new MutualAuth({
      wallet,
      sessions: { take: () => Promise.resolve(null), save: () => Promise.resolve() },
    })
    await auth.start()
    const server = createServer()
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const host = new TestHost(server, wallet, auth, `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
    const handle = host.#app().callback()
    server.on('request', (request, response) => void handle(request, response))
    return host
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections()
    await once(this.#server.close(), 'close')
    await this.#auth.stop()
  }

  #app(): Koa {
    const app = new Koa()
    app.silent = true
    app.use(readRawBody({ limitBytes: 1_000_000 }) as Koa.Middleware)
    app.use(async (ctx, next) => {
      if (ctx.path === capabilityPath) ctx.body = await signCapabilityDocument(this.wallet, this.document)
      else await next()
    })
    app.use(this.#auth.middleware() as Koa.Middleware)
    app.use(async (ctx) => {
      const override = this.answers.shift()
      if (override !== undefined) await override(ctx)
      else ctx.body = this.#answer(ctx)
    })
    return app
  }

  #answer(ctx: Context): object {
    const { rawBody, peer } = ctx.state as PeerState
    const json: unknown = JSON.parse(rawBody.toString('utf8'))
    const sender = peer.identityKey
    switch (ctx.path) {
      case '/sendMessage': {
        const request = parseSendMessage(json, () => true)
        this.kept.push({ sender, request })
        const results = request.recipients.map(({ recipient, messageId }) => ({ recipient, messageId }))
        return { status: 'success', results }
      }
      case '/listMessages':
        return this.#list(json)
      case '/acknowledgeMessage': {
        const request = parseAcknowledgeMessage(json)
        if (request.kind !== 'named') throw new RelayError('ERR_INVALID_REQUEST')
        const before = this.kept.length
        for (const { messageId } of request.messages) {
          const at = this.kept.findIndex((kept) => kept.request.recipients[0]?.messageId === messageId)
          if (at >= 0) this.kept.splice(at, 1)
        }
        if (this.kept.length === before) throw new RelayError('ERR_INVALID_ACKNOWLEDGMENT')
        return { status: 'success', acknowledged: before - this.kept.length }
      }
      case '/authorizeRouting': {
        const { identityKey: hostKey } = this.wallet
        const authorization = parseAuthorizeRouting(json, { userKey: sender, hostKey })
        const rules = { hostKey, origin: this.origin, nowMs: Date.now(), verifier: nativeSignatureVerifier() }
        requireAuthorization(authorization, { ...rules, allowHttp: true })
        this.authorizations.push(authorization)
        return { status: 'success' }
      }
      case '/revokeRouting':
        if (this.authorizations.splice(0).length === 0) throw new RelayError('ERR_NOT_AUTHORIZED')
        return { status: 'success' }
      default:
        throw new RelayError('ERR_NOT_FOUND')
    }
  }

  #list(json: unknown): object {
    const { limit, cursor, withEnvelopes } = parseListMessages(json)
    const from = Number(cursor ?? 0)
    const page = this.kept.slice(from, from + (limit ?? 1000))
    const messages = page.map(({ sender, request }) => {
      const [to] = request.recipients
      return {
        messageId: to?.messageId ?? '',
        sender,
        body: wrapBody(contentOf(request.body)),
        timestamp: 1_700_000_000_000,
        proof: 'envelope',
        ...(withEnvelopes && to?.envelope
          ? { envelope: { timestamp: to.envelope.timestampMs, signature: to.envelope.signatureHex } }
          : {}),
      }
    })
    const next = from + page.length
    return { status: 'success', messages, cursor: String(next), more: next < this.kept.length }
  }
}
