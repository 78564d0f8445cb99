import type * as z from 'zod'
import { helpText } from './help-text.ts'
import { nest, openParents, setAt } from './object-path.ts'
import { schemaLeaves, type Leaf } from './schema-leaves.ts'

/** Where settings come from. Nothing is read but through these. */
export interface ConfigSources {
  /** The command line without the program's own name. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  /** Gives a file's text; throws when it cannot. Called for `--config FILE` only. */
  readonly readFile: (path: string) => string
  /** The program's name and purpose, for `--help`. */
  readonly program: string
  readonly description: string
}

/** `help` and `print` are texts for standard output, after which the program ends with 0; each fault is one line. */
export type ConfigOutcome<T> = { config: T } | { help: string } | { faults: string[] } | { print: string }

/**
 * Builds a configuration: flags beat environment, environment beats the file (`--config FILE`, JSON), the file beats
 * defaults. Unknown flags and unknown keys of the file are faults, as are values that the schema refuses.
 */
export function loadConfig<Schema extends z.ZodType>(
  schema: Schema,
  sources: ConfigSources,
): ConfigOutcome<z.output<Schema>> {
  const leaves = schemaLeaves(schema)
  const { values: flags, rest, faults } = readFlags(leaves, sources.argv)
  if (rest.has('help')) return { help: helpText(leaves, sources) }

  const file = readFileLayer(rest.get('config'), sources.readFile, faults)
  const environment = readEnvironment(leaves, sources.env, faults)
  if (faults.length > 0) return { faults }

  const merged = structuredClone(file)
  // A missing object would be one fault, where each setting in it that must be given is meant.
  for (const { path, required } of leaves) if (required) openParents(merged, path)
  for (const [leaf, value] of [...environment, ...flags]) setAt(merged, leaf.path, value)
  const parsed = schema.safeParse(merged)
  if (!parsed.success) return { faults: describeIssues(parsed.error.issues, leaves) }
  if (rest.has('print-config')) return { print: printable(parsed.data, leaves) }
  return { config: parsed.data }
}

/** The text of `config.example.json`: every default, and the schema's examples for what has none. */
export function exampleConfig(schema: z.ZodType): string {
  const entries = schemaLeaves(schema)
    .map((leaf) => [leaf.path, leaf.fallback ?? leaf.meta.example] as const)
    .filter(([, value]) => value !== undefined)
  return `${JSON.stringify(nest(entries), null, 2)}\n`
}

type Values = Map<Leaf, unknown>

function readFlags(
  leaves: readonly Leaf[],
  argv: readonly string[],
): { values: Values; rest: Map<string, string>; faults: string[] } {
  const byFlag = new Map(leaves.map((leaf) => [leaf.flag, leaf]))
  const values: Values = new Map()
  const rest = new Map<string, string>()
  const faults: string[] = []
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? ''
    const equals = word.indexOf('=')
    const flag = word.startsWith('--') && equals > 0 ? word.slice(0, equals) : word
    const given = flag === word ? undefined : word.slice(equals + 1)
    const next = (): string | undefined => given ?? (argv[at + 1]?.startsWith('--') === true ? undefined : argv[++at])

    if (flag === '--help' || flag === '--print-config') {
      rest.set(flag.slice(2), '')
    } else if (flag === '--config') {
      const path = next()
      if (path === undefined) faults.push('--config: needs a file')
      else rest.set('config', path)
    } else {
      const leaf = byFlag.get(flag)
      const negated = flag.startsWith('--no-') ? byFlag.get(`--${flag.slice(5)}`) : undefined
      if (leaf?.kind === 'boolean' && given === undefined && !isBooleanWord(argv[at + 1])) values.set(leaf, true)
      else if (leaf !== undefined) {
        const text = next()
        if (text === undefined) faults.push(`${flag}: needs a value`)
        else setText(values, leaf, text, flag, faults)
      } else if (negated?.kind === 'boolean' && given === undefined) values.set(negated, false)
      else faults.push(`${flag}: there is no such option (see --help)`)
    }
  }
  return { values, rest, faults }
}

function readEnvironment(leaves: readonly Leaf[], env: ConfigSources['env'], faults: string[]): Values {
  const values: Values = new Map()
  for (const leaf of leaves) {
    const name = leaf.meta.env
    const text = name === undefined ? undefined : env[name]
    if (name !== undefined && text !== undefined && text !== '') setText(values, leaf, text, name, faults)
  }
  return values
}

function readFileLayer(
  path: string | undefined,
  readFile: ConfigSources['readFile'],
  faults: string[],
): Record<string, unknown> {
  if (path === undefined) return {}
  try {
    const parsed: unknown = JSON.parse(readFile(path))
    if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return { ...parsed }
    faults.push(`--config ${path}: must hold a JSON object`)
  } catch (error) {
    faults.push(`--config ${path}: ${error instanceof Error ? error.message : 'cannot be read'}`)
  }
  return {}
}

function isBooleanWord(text: string | undefined): boolean {
  return text === 'true' || text === 'false'
}

function setText(values: Values, leaf: Leaf, text: string, from: string, faults: string[]): void {
  if (leaf.kind === 'number') {
    const number = Number(text)
    if (text.trim() === '' || Number.isNaN(number)) faults.push(`${leaf.path.join('.')} (${from}): must be a number`)
    else values.set(leaf, number)
  } else if (leaf.kind === 'boolean') {
    if (!isBooleanWord(text)) faults.push(`${leaf.path.join('.')} (${from}): must be true or false`)
    else values.set(leaf, text === 'true')
  } else if (leaf.kind === 'list') {
    const words = text.split(',').map((word) => word.trim())
    values.set(
      leaf,
      words.filter((word) => word !== ''),
    )
  } else values.set(leaf, text)
}

function describeIssues(issues: readonly z.core.$ZodIssue[], leaves: readonly Leaf[]): string[] {
  const lines = issues.flatMap((issue) => {
    const at = issue.path.map(String)
    if (issue.code === 'unrecognized_keys')
      return issue.keys.map((key) => `${[...at, key].join('.')}: there is no such setting`)
    const leaf = leaves.find(({ path }) => path.every((part, index) => part === at[index]))
    const names = leaf === undefined ? '' : ` (${[leaf.flag, leaf.meta.env].filter(Boolean).join(', ')})`
    return [`${at.join('.') || 'configuration'}${names}: ${issue.message}`]
  })
  return [...new Set(lines)]
}

function printable(config: unknown, leaves: readonly Leaf[]): string {
  const copy = structuredClone(config) as Record<string, unknown>
  for (const { path, meta } of leaves) if (meta.secret === true) setAt(copy, path, '(hidden)', { onlyExisting: true })
  return `${JSON.stringify(copy, null, 2)}\n`
}
