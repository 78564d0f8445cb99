import { appendFileSync } from 'node:fs'
import { report } from './report.ts'
import { seed } from './seed.ts'

/** What a scenario counts; what it leaves out does not apply to it. */
export interface ScenarioCounts {
  readonly messages?: number
  /** Processes killed with -9. */
  readonly kills?: number
  /** Accepted, and neither delivered nor returned. */
  readonly lost?: number
  /** Copies too many. */
  readonly doubled?: number
  /** Delivered, and not what a sender sent. */
  readonly forged?: number
  /** Read by a key for which it was not. */
  readonly leaked?: number
  readonly returned?: number
  /** Resends of a stock client after the acknowledgement: stored again, as nothing tells them from new messages. */
  readonly resent?: number
}

export interface ScenarioRun {
  /** Adds to what is counted so far. */
  count(counts: ScenarioCounts): void
  /** A figure, in words: printed beside the test and kept. */
  tell(line: string): void
  /** Ends the scenario, loudly, for want of a tool. */
  skip(reason: string): never
}

/** A line of the file that `SCENARIO_FIGURES` names: `docs/reliability.md` is made of them. */
export interface ScenarioRecord {
  readonly number: number
  readonly title: string
  readonly outcome: 'passed' | 'failed' | 'skipped'
  readonly seconds: number
  readonly counts: ScenarioCounts
  readonly figures: readonly string[]
}

/** How much of the full size this run has: 1 in `npm run test:full`, 0 (the small sizes) unless `SCENARIO_SCALE` says more. */
const scale = Number(process.env['SCENARIO_SCALE'] ?? 0)
const mostMs = scale > 0 ? 20 * 60_000 : 150_000

/** A number of things, or a time: `small` in `npm test`, up to `full` in `npm run test:full`. */
export function size(small: number, full: number): number {
  return Math.max(small, Math.round(full * scale))
}

/** A scenario for `npm run test:full` only: `npm test` has others of its kind. */
export const longScenario: typeof scenario = (...named) => {
  if (scale > 0) scenario(...named)
}

/**
 * A scenario of anchors/federation.md, section C, by its number there, as a test. Its figures are printed, and appended as a
 * {@link ScenarioRecord} where `SCENARIO_FIGURES` says.
 */
export function scenario(number: number, title: string, body: (run: ScenarioRun) => Promise<void>): void {
  it(`scenario ${String(number).padStart(2, '0')}: ${title}`, async function () {
    this.timeout(mostMs)
    const counts: Record<string, number> = {}
    const figures: string[] = []
    const tell = (line: string): void => {
      figures.push(line)
      report(line)
    }
    let outcome: ScenarioRecord['outcome'] = 'failed'
    const startedAt = performance.now()
    try {
      await body({
        count(more) {
          for (const [name, value] of Object.entries(more)) counts[name] = (counts[name] ?? 0) + Number(value)
        },
        tell,
        skip: (reason) => {
          outcome = 'skipped'
          figures.push(reason)
          report(`!!! SKIPPED: ${reason} !!!`)
          return this.skip()
        },
      })
      outcome = 'passed'
    } finally {
      const seconds = Math.round((performance.now() - startedAt) / 100) / 10
      report(`${outcome} after ${seconds} s: ${JSON.stringify(counts)}`)
      if (outcome === 'failed') tell(`SEED=${seed} draws the same messages and faults again`)
      const file = process.env['SCENARIO_FIGURES']
      const record: ScenarioRecord = { number, title, outcome, seconds, counts, figures }
      if (file !== undefined) appendFileSync(file, `${JSON.stringify(record)}\n`)
    }
  })
}
