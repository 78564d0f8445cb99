import { parseArgs, type ParseArgsConfig } from 'node:util'
import { UsageError, type Command, type Input } from './command.ts'
import type { Io } from './io.ts'
import type { Option, OptionTable } from './options.ts'

type Given = string | boolean | (string | boolean)[] | undefined

/**
 * Reads `argv` by the command's table: option, else environment, else fallback.
 * @throws {UsageError} unknown options, absent or malformed values, too many or too few words.
 */
export function parseCommand(
  command: Pick<Command, 'name' | 'options' | 'positionals'>,
  argv: readonly string[],
  env: Io['env'],
): Input<OptionTable> {
  const { values, positionals } = parse(command.options, argv)
  const most = command.positionals.length
  const missing = command.positionals.find(({ required }, index) => required && positionals[index] === undefined)
  if (missing !== undefined) throw new UsageError(`${command.name}: ${missing.name} is missing`)
  const extra = positionals[most]
  if (extra !== undefined) throw new UsageError(`${command.name}: ${JSON.stringify(extra)} is one word too many`)

  const options = Object.entries(command.options).map(([name, option]) => {
    const value = readValue(name, option, values[name], env)
    if (value === undefined && option.required === true) throw new UsageError(absent(command.name, name, option))
    return [name, value] as const
  })
  return { options: Object.fromEntries(options) as Input<OptionTable>['options'], positionals }
}

function parse(table: OptionTable, argv: readonly string[]): { values: Record<string, Given>; positionals: string[] } {
  const options: ParseArgsConfig['options'] = { help: { type: 'boolean', short: 'h' } }
  for (const [name, { kind }] of Object.entries(table)) {
    options[name] = { type: kind === 'switch' ? 'boolean' : 'string', multiple: kind === 'list' }
  }
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true })
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(firstSentence(error.message))
    throw error
  }
}

function readValue(name: string, option: Option, given: Given, env: Io['env']): unknown {
  if (option.kind === 'switch') return given === true
  const fromEnv = option.env === undefined ? undefined : env[option.env]
  if (option.kind === 'list') {
    return Array.isArray(given) ? given.map(String) : fromEnv === undefined ? [] : words(fromEnv)
  }
  const text = typeof given === 'string' ? given : fromEnv === '' ? undefined : fromEnv
  if (text === undefined) return option.fallback
  if (text === '') throw new UsageError(`--${name} must not be empty`)
  if (option.kind === 'text') return text
  const number = Number(text)
  if (!/^[0-9]+$/.test(text) || !Number.isSafeInteger(number)) {
    throw new UsageError(`--${name} must be a whole number, not ${JSON.stringify(text)}`)
  }
  return number
}

function words(text: string): string[] {
  return text.split(',').flatMap((word) => word.trim() || [])
}

function absent(command: string, name: string, { env }: Option): string {
  return `${command}: --${name} is missing${env === undefined ? '' : ` (or set ${env})`}`
}

/** Node adds advice about `--` that helps nobody here. */
function firstSentence(message: string): string {
  return message.split('. ')[0] ?? message
}
