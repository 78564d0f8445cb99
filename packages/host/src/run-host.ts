import { readFileSync } from 'node:fs'
import { exampleConfig, loadConfig } from '@overpost/config'
import { pino } from 'pino'
import { hostConfigSchema } from './config.ts'
import { createHost } from './host.ts'

const exitCodes = { clean: 0, failed: 1, badConfig: 2 } as const

/**
 * A host as a program: reads its configuration, serves until SIGTERM or SIGINT, drains, and resolves to the exit code. One
 * line of JSON on standard output says that it is ready; logs go to standard error. A second signal ends it at once.
 */
export async function runHost(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const outcome = loadConfig(hostConfigSchema, {
    argv,
    env,
    readFile: (path) => readFileSync(path, 'utf8'),
    program: 'overpost-host',
    description: 'a relay host: a mailbox for the identities that it hosts, and a carrier of their mail to other hosts',
  })
  if ('faults' in outcome) {
    for (const fault of outcome.faults) process.stderr.write(`${fault}\n`)
    return exitCodes.badConfig
  }
  if (!('config' in outcome)) {
    process.stdout.write('help' in outcome ? outcome.help : outcome.print)
    return exitCodes.clean
  }

  const { config } = outcome
  const logger = pino({ level: config.log.level }, pino.destination({ fd: 2, sync: true }))
  const stop = firstSignal()
  let host
  try {
    host = await createHost(config, { logger, processMetrics: true })
  } catch (error) {
    process.stderr.write(`${explain(error)}\n`)
    return exitCodes.failed
  }
  const { url, listenUrl, identityKey } = host
  process.stdout.write(`${JSON.stringify({ url, identityKey, pid: process.pid })}\n`)
  logger.info({ url, listenUrl, identityKey }, 'ready')
  const signal = await stop
  logger.info({ signal }, 'draining')
  await host[Symbol.asyncDispose]()
  logger.info('stopped')
  return exitCodes.clean
}

/** The text of `deploy/host/config.example.json`. */
export function exampleHostConfig(): string {
  return exampleConfig(hostConfigSchema)
}

/** One line, from the outermost to the innermost cause. */
function explain(error: unknown): string {
  const messages: string[] = []
  let at = error
  while (at instanceof Error && messages.length < 5) {
    messages.push(at.message)
    at = at.cause
  }
  return messages.join(': ').replaceAll('\n', ' ')
}

/** Resolves at the first signal to stop; the next one then ends the process. */
function firstSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let isStopping = false
    const onSignal = (signal: NodeJS.Signals): void => {
      if (isStopping) process.exit(exitCodes.failed)
      isStopping = true
      resolve(signal)
    }
    process.on('SIGTERM', onSignal).on('SIGINT', onSignal)
  })
}
