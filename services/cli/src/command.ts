import type { Io } from './io.ts'
import type { OptionTable, OptionValues } from './options.ts'

/** A word that stands without a dash. */
export interface Positional {
  readonly name: string
  readonly description: string
  readonly required: boolean
}

/** One command of the program. Everything about its command line is data, from which the help is printed. */
export interface Command<T extends OptionTable = OptionTable> {
  /** The words that call it: `keygen`, `host start`. */
  readonly name: string
  readonly summary: string
  readonly options: T
  readonly positionals: readonly Positional[]
  /** Further lines of the help. */
  readonly notes?: readonly string[]
  /** Resolves to the exit code; throws {@link UsageError} for what the table could not refuse. */
  run(input: Input<T>, io: Io): Promise<number>
}

/** What stood on the command line, checked against the table. */
export interface Input<T extends OptionTable> {
  readonly options: OptionValues<T>
  /** As many as the table names, absent ones left out. */
  readonly positionals: readonly string[]
}

/** A command whose own program parses its line and prints its help: the services, which read one configuration schema. */
export interface ServiceCommand {
  readonly name: string
  readonly summary: string
  readonly serve: (argv: string[], io: Io) => Promise<number>
}

/** A command with its table's type forgotten, as the list of all commands holds it. */
export type AnyCommand = ServiceCommand | (Omit<Command, 'run'> & { run(input: Input<never>, io: Io): Promise<number> })

/** Ties a command's `run` to the type of its own table. */
export function defineCommand<const T extends OptionTable>(command: Command<T>): Command<T> {
  return command
}

/** The command line is wrong: exit code 2, one line. */
export class UsageError extends Error {
  override readonly name = 'UsageError'
}
