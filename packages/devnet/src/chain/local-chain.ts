import { mkdir } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

import { RelayError } from '@overpost/protocol'
import Koa, { type Middleware } from 'koa'
import type { Logger } from 'pino'

import { ChainNode } from './chain-node.ts'
import { arcRoutes } from './http/arc-routes.ts'
import { commandRoutes } from './http/command-routes.ts'
import { headerRoutes } from './http/header-routes.ts'
import { walletRoutes } from './http/wallet-routes.ts'

export interface LocalChainOptions {
  /** A port of 127.0.0.1; 0, the default, for any that is free. */
  readonly port?: number
  /** Where the chain and the wallets are kept, to go on from later; in memory when left out. Made if need be. */
  readonly dir?: string
  /** How long a transaction waits for its block at most, 1000 by default; 0: blocks come by command only. */
  readonly blockIntervalMs?: number
  /** What a wallet gets when it is first used, 0.1 coins by default. */
  readonly initialSatoshis?: number
  /** What transactions must pay per 1000 bytes, and what wallets pay; 100 by default. */
  readonly feeSatoshisPerKb?: number
  /** Where failures of the chain itself are logged. */
  readonly log?: Logger
}

/** A chain of one's own. Disposing of it closes its server, drops its connections and, without `dir`, forgets everything. */
export interface LocalChain extends AsyncDisposable {
  /** Base URL for ARC, the header service and the commands: `http://127.0.0.1:<port>`. */
  readonly url: string
  /** Base URL of a wallet, for the SDK's `HTTPWalletJSON`. */
  walletUrl(name: string): string
  /** Mines blocks, the first with all that waits; resolves to the new height once the wallets hold the proofs. */
  mine(count?: number): Promise<number>
}

/**
 * Starts a local chain: the mock chain of wallet-toolbox behind the interfaces that hosts use in production (ARC, a block
 * header service, BRC-100 wallets), and commands for blocks, reorgs and money. Routes: docs/decisions/0004-local-chain.md.
 */
export async function startLocalChain(options: LocalChainOptions = {}): Promise<LocalChain> {
  const { port = 0, dir, blockIntervalMs = 1000, initialSatoshis = 10_000_000, feeSatoshisPerKb = 100 } = options
  if (dir !== undefined) await mkdir(dir, { recursive: true })
  const node = new ChainNode({ dir: dir ?? null, blockIntervalMs, initialSatoshis, feeSatoshisPerKb })
  let server: Server
  try {
    await node.open()
    server = await listen(createApp(node, options.log), port)
  } catch (error) {
    await node[Symbol.asyncDispose]()
    throw error
  }
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url,
    walletUrl: (name) => `${url}/wallets/${name}`,
    mine: async (count = 1) => {
      await node.mine(count)
      return (await node.ledger.tip()).height
    },
    [Symbol.asyncDispose]: async () => {
      await close(server)
      await node[Symbol.asyncDispose]()
    },
  }
}

function createApp(node: ChainNode, log: Logger | undefined): Koa {
  const app = new Koa()
  app.silent = true // faults are answered and logged below
  app.use(errorAnswers(log))
  const routers = [arcRoutes(node), headerRoutes(node.ledger), walletRoutes(node.wallets), commandRoutes(node)]
  for (const router of routers) app.use(router.routes())
  app.use(() => {
    throw new RelayError('ERR_NOT_FOUND')
  })
  return app
}

function errorAnswers(log: Logger | undefined): Middleware {
  return async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      const refusal = error instanceof RelayError ? error : new RelayError('ERR_INTERNAL', undefined, { cause: error })
      if (refusal.status >= 500) log?.error({ err: error, path: ctx.path }, 'request failed')
      ctx.status = refusal.status
      ctx.body = { status: 'error', code: refusal.code, description: refusal.message }
    }
  }
}

async function listen(app: Koa, port: number): Promise<Server> {
  const handle = app.callback()
  const server = createServer((request, response) => void handle(request, response))
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', resolve)
  })
  return server
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}
