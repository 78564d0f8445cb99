import { defineCommand } from '../command.ts'
import { exitCodes } from '../io.ts'
import { untilAborted } from '../until-aborted.ts'

export const chainStart = defineCommand({
  name: 'chain start',
  summary: 'run a local chain: blocks, ARC, header service and wallets with money, all for development',
  positionals: [],
  options: {
    port: { kind: 'number', value: 'PORT', fallback: 0, description: 'port of 127.0.0.1; 0 for any that is free' },
    dir: { kind: 'text', value: 'DIR', description: 'where to keep the chain, to go on from later; else in memory' },
    'block-interval-ms': {
      kind: 'number',
      value: 'MS',
      fallback: 1000,
      description: 'how long a transaction waits for its block; 0 for blocks by POST /blocks only',
    },
  },
  notes: ['Prints {"url","pid"} when it is ready, and stays until SIGTERM or SIGINT.'],
  async run({ options }, io) {
    const { port, dir, 'block-interval-ms': blockIntervalMs } = options
    const { startLocalChain } = await import('@overpost/devnet') // only here: it brings a whole wallet
    await using chain = await startLocalChain({ port, blockIntervalMs, ...(dir === undefined ? {} : { dir }) })
    io.out(JSON.stringify({ url: chain.url, pid: process.pid }))
    await untilAborted(io.signal)
    return exitCodes.done
  },
})
