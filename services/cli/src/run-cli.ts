import type { AnyCommand } from './command.ts'
import { UsageError } from './command.ts'
import { describeFailure } from './describe-failure.ts'
import { commandHelp, programHelp } from './help-text.ts'
import { exitCodes, type Io } from './io.ts'
import { parseCommand } from './parse-command.ts'

/** Runs the command that `argv` names and resolves to the exit code; every failure is told on `io.err` in one line. */
export async function runCli(commands: readonly AnyCommand[], argv: readonly string[], io: Io): Promise<number> {
  const [first] = argv
  if (first === undefined || first === '--help' || first === '-h' || first === 'help') {
    const text = programHelp(commands)
    if (first === undefined) io.err(text)
    else io.out(text)
    return first === undefined ? exitCodes.usage : exitCodes.done
  }
  try {
    const { command, rest } = findCommand(commands, argv)
    if ('serve' in command) return await command.serve(rest, io)
    if (asksForHelp(rest)) {
      io.out(commandHelp(command))
      return exitCodes.done
    }
    // The table that parsed the line is the one that `run` was typed by (defineCommand).
    return await command.run(parseCommand(command, rest, io.env) as never, io)
  } catch (error) {
    const { line, exitCode } = describeFailure(error)
    io.err(`overpost: ${line}`)
    return exitCode
  }
}

/** The longest name wins: `network restart` before `network`. */
function findCommand(
  commands: readonly AnyCommand[],
  argv: readonly string[],
): { command: AnyCommand; rest: string[] } {
  for (const length of [2, 1]) {
    const name = argv.slice(0, length).join(' ')
    const command = commands.find((candidate) => candidate.name === name)
    if (command !== undefined) return { command, rest: argv.slice(length) }
  }
  const family = commands.filter(({ name }) => name.startsWith(`${argv[0] ?? ''} `)).map(({ name }) => name)
  const hint = family.length > 0 ? `did you mean ${family.join(' or ')}?` : 'see overpost --help'
  throw new UsageError(`there is no command ${JSON.stringify(argv.slice(0, 2).join(' '))}: ${hint}`)
}

function asksForHelp(argv: readonly string[]): boolean {
  const end = argv.indexOf('--')
  return (end < 0 ? argv : argv.slice(0, end)).some((word) => word === '--help' || word === '-h')
}
