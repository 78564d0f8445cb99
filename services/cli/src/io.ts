/** All that a command touches of its process. Results go to `out`, everything else to `err`; both add the line break. */
export interface Io {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly out: (line: string) => void
  readonly err: (line: string) => void
  /** Aborts at SIGINT and SIGTERM. */
  readonly signal: AbortSignal
  /** How to run this program again, for commands that start processes. */
  readonly self: readonly string[]
}

/** What the program ends with; printed by `--help`. */
export const exitCodes = {
  done: 0,
  refused: 1,
  usage: 2,
  unreachable: 3,
  /** Of `status`: it has no end yet. */
  waiting: 4,
} as const
