/** One round of one contender. */
export interface Round {
  /** User and system time of all its processes. */
  readonly cpuSecondsPer1000: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  /** What the client itself spent, for the reader: it is in no figure. */
  readonly clientCpuSecondsPer1000: number
}

/** One line of the report, held against a line of issue 3. */
export interface Figure {
  readonly name: string
  readonly unit: string
  readonly floor: number
  readonly ours: number
  /** Ours over the floor's. */
  readonly ratio: number
  readonly limit: Limit
  readonly met: boolean
}

/** The most that the ratio, or ours itself, may be. */
export interface Limit {
  readonly of: 'ratio' | 'ours'
  readonly most: number
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5)
}

/** The value below which `part` of them lie. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const place = (sorted.length - 1) * part
  const below = sorted[Math.floor(place)] ?? NaN
  const above = sorted[Math.ceil(place)] ?? NaN
  return below + (above - below) * (place - Math.floor(place))
}

/** Ours beside the floor's, held against the limit. */
export function figure(name: string, unit: string, floor: number, ours: number, limit: Limit): Figure {
  const ratio = ours / floor
  return { name, unit, floor, ours, ratio, limit, met: (limit.of === 'ratio' ? ratio : ours) <= limit.most }
}

/** Medians of CPU seconds per 1,000 messages, and ours over the floor's. */
export function cpuFigure(
  name: string,
  rounds: { readonly floor: readonly Round[]; readonly ours: readonly Round[] },
  mostRatio: number,
): Figure {
  const cpu = (each: readonly Round[]) => median(each.map(({ cpuSecondsPer1000 }) => cpuSecondsPer1000))
  return figure(name, 'CPU s per 1,000', cpu(rounds.floor), cpu(rounds.ours), { of: 'ratio', most: mostRatio })
}

/** The table that the benchmark prints. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, unit, floor, ours, ratio, limit, met }) => [
    name,
    unit,
    floor.toFixed(3),
    ours.toFixed(3),
    ratio.toFixed(2),
    `${limit.of} <= ${limit.most}`,
    met ? 'met' : 'MISSED',
  ])
  return table([['figure', 'unit', 'floor', 'ours', 'ratio', 'limit', ''], ...rows])
}

/** Every round, for the eye: what the medians are of. */
export function roundTable(rounds: { readonly floor: readonly Round[]; readonly ours: readonly Round[] }): string {
  const row = (name: string) => (round: Round) => [
    name,
    round.cpuSecondsPer1000.toFixed(3),
    round.perSecond.toFixed(0),
    round.p50Ms.toFixed(2),
    round.p99Ms.toFixed(2),
    round.clientCpuSecondsPer1000.toFixed(3),
  ]
  const head = ['', 'CPU s per 1,000', 'per s', 'p50 ms', 'p99 ms', 'client CPU']
  return table([head, ...rounds.floor.map(row('floor')), ...rounds.ours.map(row('ours'))])
}

function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)))
  const line = (row: readonly string[]) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]!))
      .join('  ')
      .trimEnd()
  return rows.map(line).join('\n')
}
