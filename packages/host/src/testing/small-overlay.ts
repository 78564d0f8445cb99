import { createServer, type IncomingMessage } from 'node:http'
import type { Transaction } from '@bsv/sdk'
import type { IdentityWallet } from '@overpost/auth'
import {
  createMessageboxAdvertScript,
  messageboxAdvertKey,
  type HostOrigin,
  type IdentityKey,
} from '@overpost/protocol'
import { ChainFixture, spendTransaction, tokenScript, tokenTransaction } from './chain-fixture.ts'
import type { ShownToken } from './lookup-node.ts'
import { bind, unbind } from './scripted-peer.ts'

/** Lookup node and block headers service in one, for hosts that look each other up. */
export interface SmallOverlay extends AsyncDisposable {
  readonly origin: HostOrigin
  /** Look-ups so far. */
  readonly lookups: number
  /** What it does while set: no answer but this status. */
  failsWith: number | null
  /** From now on `host` is shown as a home of `user`; what is returned ends that. */
  show(user: IdentityWallet, host: IdentityWallet, origin: string): Promise<() => Promise<void>>
  /** From now on `user` is shown to have anointed `url`; what is returned ends that. Again, by a stranger who copies the script. */
  anoint(user: IdentityWallet, url: string): Promise<() => Promise<void>>
}

export async function smallOverlay(): Promise<SmallOverlay> {
  const chain = new ChainFixture()
  const tokens = new Map<string, ShownToken[]>()
  const anointings = new Map<string, ShownToken[]>()
  let lookups = 0

  const answer = (path: string, json: unknown): unknown => {
    if (path === '/lookup') {
      const { recipient, identityKey } = (json as { query: { recipient?: IdentityKey; identityKey?: IdentityKey } })
        .query
      if (recipient !== undefined) lookups += 1
      const shown = recipient === undefined ? anointings.get(identityKey ?? '') : tokens.get(recipient)
      const outputs = (shown ?? []).map(({ transaction, spentBy }) => ({
        ...{ beef: transaction.toBEEF(), outputIndex: 0 },
        ...(spentBy === undefined ? {} : { context: spentBy.toBEEF() }),
      }))
      return { type: 'output-list', outputs }
    }
    if (path === '/api/v1/chain/tip/longest') return { height: Math.max(...chain.roots.keys()) }
    const [{ blockHeight, merkleRoot } = { blockHeight: 0, merkleRoot: '' }] = json as {
      blockHeight: number
      merkleRoot: string
    }[]
    return { confirmationState: chain.roots.get(blockHeight) === merkleRoot ? 'CONFIRMED' : 'INVALID' }
  }
  const add = (
    to: Map<string, ShownToken[]>,
    user: IdentityKey,
    script: Uint8Array,
    spend: (transaction: Transaction) => Promise<Transaction>,
  ) => {
    const transaction = chain.mine(tokenTransaction(script))
    const shown = to.get(user) ?? []
    to.set(user, shown)
    const token: { transaction: Transaction; spentBy?: Transaction } = { transaction }
    shown.push(token)
    return async () => {
      token.spentBy = chain.mine(await spend(transaction))
    }
  }
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const isFeed = request.url?.startsWith('/events') === true
      if (overlay.failsWith !== null || isFeed) {
        response.writeHead(overlay.failsWith ?? 404).end()
        return
      }
      const json: unknown = body === '' ? null : JSON.parse(body)
      response
        .writeHead(200, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer(request.url ?? '', json)))
    })
  })
  const overlay = {
    origin: await bind(server),
    get lookups() {
      return lookups
    },
    failsWith: null as number | null,
    async show(user: IdentityWallet, host: IdentityWallet, origin: string) {
      const script = await tokenScript(user, host, { origin })
      return add(tokens, user.identityKey, script, (transaction) => spendTransaction(transaction, host))
    },
    async anoint(user: IdentityWallet, url: string) {
      const script = await createMessageboxAdvertScript(user, { userKey: user.identityKey, host: url })
      return add(anointings, user.identityKey, script, (transaction) =>
        spendTransaction(transaction, user, messageboxAdvertKey),
      )
    },
    [Symbol.asyncDispose]: () => unbind(server),
  }
  return overlay
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
