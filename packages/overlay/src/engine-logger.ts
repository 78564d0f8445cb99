import { format } from 'node:util'
import type { Logger } from 'pino'

/** The console that the Engine writes to, as pino: what it calls an error it goes on after, so it is a warning here. */
export function engineLogger(log: Logger): typeof console {
  const write =
    (level: 'warn' | 'debug') =>
    (...words: unknown[]): void =>
      log[level]({ engine: format(...words) }, 'engine')
  return {
    ...console,
    error: write('warn'),
    warn: write('warn'),
    info: write('debug'),
    log: write('debug'),
    debug: write('debug'),
  }
}
