import { exampleConfig, loadConfig } from '@overpost/config'
import { readFileSync } from 'node:fs'
import { pino } from 'pino'
import { overlayConfigSchema } from './config.ts'
import { startOverlayNode } from './overlay-node.ts'

/**
 * The program `overlay`: reads its configuration, runs a node until SIGTERM or SIGINT, drains it. When the node is ready, one line of JSON
 * `{"url","pid"}` goes to standard output; the log goes to standard error. @returns the exit code
 */
export async function runOverlay(
  argv: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const outcome = loadConfig(overlayConfigSchema, {
    argv,
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    program: 'overlay',
    description: 'an Overpost overlay node: who hosts whom, from tokens on chain',
  })
  if ('help' in outcome) return say(outcome.help)
  if ('print' in outcome) return say(outcome.print)
  if ('faults' in outcome) {
    for (const fault of outcome.faults) process.stderr.write(`overlay: ${fault}\n`)
    return 2
  }

  const log = pino(
    { level: outcome.config.logLevel, base: { program: 'overlay' } },
    pino.destination({ fd: 2, sync: true }),
  )
  const stopped = stopSignal()
  try {
    await using node = await startOverlayNode(outcome.config, { log })
    say(JSON.stringify({ url: node.url, pid: process.pid }))
    log.info({ url: node.url }, 'ready')
    log.info({ signal: await stopped }, 'stopping')
  } catch (error) {
    log.fatal({ err: error }, 'overlay node failed')
    return 1
  }
  return 0
}

/** The text of `config.example.json` of an overlay node. */
export function exampleOverlayConfig(): string {
  return exampleConfig(overlayConfigSchema)
}

function say(text: string): 0 {
  process.stdout.write(text.endsWith('\n') ? text : `${text}\n`)
  return 0
}

function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, resolve)
  })
}
