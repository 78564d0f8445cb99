import { readFileSync } from 'node:fs'
import { OperatorClient } from '@overpost/client'
import { UsageError } from './command.ts'
import { findHost } from './connect.ts'
import type { Io } from './io.ts'
import { shared, type OptionTable, type OptionValues } from './options.ts'

/** The options of every command of an operator. */
export const operatorOptions = {
  host: shared.host,
  'token-file': {
    kind: 'text',
    value: 'FILE',
    env: 'OVERPOST_OPERATOR_TOKEN_FILE',
    description: "file with the host's operator token; without it the token is read from OVERPOST_OPERATOR_TOKEN",
  },
  dir: shared.dir,
  'timeout-ms': shared['timeout-ms'],
  json: shared.json,
} as const satisfies OptionTable

/** A client for the operator of the host that the options name. @throws {UsageError} */
export function operate(options: Omit<OptionValues<typeof operatorOptions>, 'json'>, env: Io['env']): OperatorClient {
  const { origin } = findHost(options.host, options.dir)
  return new OperatorClient({
    host: origin,
    token: readToken(options['token-file'], env),
    timeoutMs: options['timeout-ms'],
  })
}

/** For a column of a table: how long ago that was. */
export function agoText(atMs: number, nowMs: number): string {
  const seconds = Math.max(0, Math.round((nowMs - atMs) / 1000))
  if (seconds < 120) return `${seconds} s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`
  return seconds < 172_800 ? `${Math.round(seconds / 3600)} h` : `${Math.round(seconds / 86_400)} d`
}

function readToken(file: string | undefined, env: Io['env']): string {
  if (file === undefined) {
    const token = env['OVERPOST_OPERATOR_TOKEN']
    if (token !== undefined && token !== '') return token
    throw new UsageError('--token-file is required, or OVERPOST_OPERATOR_TOKEN')
  }
  try {
    return readFileSync(file, 'utf8').trim()
  } catch {
    throw new UsageError(`--token-file: ${file} cannot be read`)
  }
}
