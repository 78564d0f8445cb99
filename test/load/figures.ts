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
  readonly what: string
  readonly unit: string
  readonly floor: number | null
  readonly ours: number
  /** The number held against the limit: ours over the floor's, or ours itself. */
  readonly held: number
  readonly most: number
  readonly met: boolean
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

/** Medians of CPU seconds per 1,000 messages, and ours over the floor's. */
export function cpuFigure(
  name: string,
  what: string,
  rounds: { floor: readonly Round[]; ours: readonly Round[] },
  most: number,
): Figure {
  const floor = median(rounds.floor.map(({ cpuSecondsPer1000 }) => cpuSecondsPer1000))
  const ours = median(rounds.ours.map(({ cpuSecondsPer1000 }) => cpuSecondsPer1000))
  const held = ours / floor
  return { name, what, unit: 'CPU s per 1,000', floor, ours, held, most, met: held <= most }
}

/** The table that the benchmark prints. */
export function figureTable(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, unit, floor, ours, held, most, met }) => [
    name,
    unit,
    floor === null ? '' : floor.toFixed(3),
    ours.toFixed(3),
    floor === null ? '' : held.toFixed(2),
    `<= ${most}`,
    met ? 'met' : 'MISSED',
  ])
  const head = ['figure', 'unit', 'floor', 'ours', 'ratio', 'limit', '']
  const widths = head.map((title, column) => Math.max(title.length, ...rows.map((row) => row[column]!.length)))
  return [head, ...rows]
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}
