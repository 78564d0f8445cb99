import type { AnyCommand, Command } from './command.ts'
import type { Option } from './options.ts'

type Described = Pick<Command, 'name' | 'summary' | 'options' | 'positionals' | 'notes'>

/** The help of the whole program. */
export function programHelp(commands: readonly AnyCommand[]): string {
  return [
    'overpost: messages between identity keys, over relay hosts that are found on the BSV chain',
    '',
    'usage: overpost COMMAND [options]',
    '',
    ...columns(commands.map(({ name, summary }) => [`  ${name}`, summary])),
    '',
    'overpost COMMAND --help tells the options of one command.',
    '',
    'exit codes:',
    '  0  done',
    '  1  refused by a host or an overlay node, or a check failed',
    '  2  the command line or the configuration is wrong',
    '  3  no answer: not reachable, or not in time; what was sent may have arrived',
  ].join('\n')
}

/** The help of one command, from its table. */
export function commandHelp({ name, summary, options, positionals, notes = [] }: Described): string {
  const words = positionals.map((word) => (word.required ? word.name : `[${word.name}]`))
  const rows = Object.entries(options).map(([option, row]) => [`  ${flag(option, row)}`, described(row)])
  const wordRows = positionals.map((word) => [`  ${word.name}`, word.description])
  return [
    `overpost ${name}: ${summary}`,
    '',
    `usage: ${['overpost', name, ...words, '[options]'].join(' ')}`,
    '',
    ...columns([...wordRows, ...rows, ['  --help', 'print this and end']]),
    ...notes.flatMap((note) => ['', note]),
  ].join('\n')
}

/** Lines with their cells below each other. The last cell of a row is not padded. */
export function columns(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = []
  for (const row of rows) {
    for (const [index, cell] of row.entries()) widths[index] = Math.max(widths[index] ?? 0, cell.length)
  }
  return rows.map((row) =>
    row
      .map((cell, index) => cell.padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}

function flag(name: string, { kind, value = 'TEXT' }: Option): string {
  return kind === 'switch' ? `--${name}` : `--${name} ${value}`
}

function described({ kind, description, env, required, fallback }: Option): string {
  const notes = [
    required === true ? 'required' : '',
    kind === 'list' ? 'may be given more than once' : '',
    env === undefined ? '' : `env ${env}`,
    fallback === undefined ? '' : `default ${fallback}`,
  ].filter((note) => note !== '')
  return notes.length === 0 ? description : `${description} (${notes.join('; ')})`
}
