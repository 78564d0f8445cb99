/** One option of a command. The tables of these are what is parsed, checked and printed by `--help`. */
export interface Option {
  /** A switch takes no value; a number is a non-negative integer; a list may be given more than once. */
  readonly kind: 'text' | 'number' | 'switch' | 'list'
  readonly description: string
  /** What stands for the value in the help: `KEY`, `MS`. */
  readonly value?: string
  /** The environment variable that is read when the option is absent. */
  readonly env?: string
  readonly required?: boolean
  readonly fallback?: string | number
}

/** Options by their names, without dashes. */
export type OptionTable = Readonly<Record<string, Option>>

type Value<O extends Option> = O['kind'] extends 'switch'
  ? boolean
  : O['kind'] extends 'list'
    ? readonly string[]
    : (O['kind'] extends 'number' ? number : string) | Absent<O>

type Absent<O extends Option> = O extends { required: true }
  ? never
  : O extends { fallback: string | number }
    ? never
    : undefined

/** What a command gets for its table. */
export type OptionValues<T extends OptionTable> = { readonly [Name in keyof T]: Value<T[Name]> }

/** Options that several commands share. */
export const shared = {
  'key-file': {
    kind: 'text',
    value: 'FILE',
    env: 'OVERPOST_KEY',
    required: true,
    description: 'file with your private key, as keygen writes it',
  },
  host: {
    kind: 'text',
    value: 'URL|NAME',
    env: 'OVERPOST_HOST',
    required: true,
    description: 'origin of the relay host; with --dir also its name in that network',
  },
  'host-key': { kind: 'text', value: 'KEY', description: 'refuse to talk to a host with another identity key' },
  dir: {
    kind: 'text',
    value: 'DIR',
    env: 'OVERPOST_DIR',
    description: 'directory of a running local network: names its hosts, overlay nodes and headers',
  },
  'timeout-ms': { kind: 'number', value: 'MS', fallback: 30_000, description: 'how long each call may take' },
  json: { kind: 'switch', description: 'print JSON' },
} as const satisfies OptionTable
