import { backoffMs, type BackoffPolicy } from './backoff.ts'
import { BoundedMap } from './bounded-map.ts'
import type { Clock } from './ports/clock.ts'
import type { Random } from './ports/random.ts'

interface Record {
  /** Smoothed; what is not known yet is taken for middling. */
  readonly latencyMs: number
  /** How often, of the questions on which answers differed, it knew all that was true: 0 to 1, smoothed. */
  readonly worth: number
  readonly failures: number
  readonly restsUntilMs: number
}

const mostNodes = 1_000
const smoothing = 0.25
const unknown: Record = { latencyMs: 500, worth: 0.5, failures: 0, restsUntilMs: 0 }
/** A node slower than this is asked, and not waited for. */
const slowMs = 2_000
const rest: BackoffPolicy = { baseMs: 30_000, mostMs: 10 * 60 * 1000 }

/**
 * What this host thinks of lookup nodes, by how they answered before. It decides who is waited for and, among many, who is asked.
 * Speed alone earns nothing: a node that answers fast with nothing, where another shows a token that verifies, loses worth; and half
 * of those asked are drawn by lot, so that the nodes that are thought well of are never the only ones.
 */
export class NodeReputation {
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #random: Pick<Random, 'fraction'>
  readonly #records = new BoundedMap<string, Record>(mostNodes)

  constructor(clock: Pick<Clock, 'nowMs'>, random: Pick<Random, 'fraction'>) {
    this.#clock = clock
    this.#random = random
  }

  /** `knewAll`: whether the answer held all that was proven true; null where all answers agreed, which tells nothing. */
  answered(node: string, { tookMs, knewAll }: { tookMs: number; knewAll: boolean | null }): void {
    const { latencyMs, worth } = this.#recordOf(node)
    this.#records.set(node, {
      latencyMs: latencyMs + (tookMs - latencyMs) * smoothing,
      worth: knewAll === null ? worth : worth + (Number(knewAll) - worth) * smoothing,
      failures: 0,
      restsUntilMs: 0,
    })
  }

  /** It could not be asked, answered something else, or did not answer in time: it is waited for no more for a while, which grows. */
  failed(node: string): void {
    const record = this.#recordOf(node)
    // Half of the time at least: jitter keeps hosts that saw the same fault from coming back together.
    const waitMs = rest.baseMs / 2 + backoffMs(record.failures, rest, this.#random.fraction()) / 2
    this.#records.set(node, {
      ...record,
      failures: record.failures + 1,
      restsUntilMs: this.#clock.nowMs() + waitMs,
    })
  }

  /** Whether an answer of nothing should wait for this node's. */
  isWaitedFor(node: string): boolean {
    const { latencyMs, restsUntilMs } = this.#recordOf(node)
    return restsUntilMs <= this.#clock.nowMs() && latencyMs <= slowMs
  }

  /** Whether it has shown what others hid, or at least never hid what others showed. */
  isWorthy(node: string): boolean {
    return this.#recordOf(node).worth >= unknown.worth
  }

  /** At most `most` of `nodes`: half of them the best known, the others by lot; those that rest only when there are no more others. */
  choose(nodes: readonly string[], most: number): string[] {
    if (nodes.length <= most) return [...nodes]
    const nowMs = this.#clock.nowMs()
    const lots = new Map(nodes.map((node) => [node, this.#random.fraction()]))
    const byLot = nodes.toSorted((a, b) => (lots.get(a) ?? 0) - (lots.get(b) ?? 0))
    const isResting = (node: string): boolean => this.#recordOf(node).restsUntilMs > nowMs
    const awake = byLot.filter((node) => !isResting(node))
    const best = awake.toSorted((a, b) => this.#costMs(a) - this.#costMs(b)).slice(0, Math.ceil(most / 2))
    const others = [...awake.filter((node) => !best.includes(node)), ...byLot.filter(isResting)]
    return [...best, ...others].slice(0, most)
  }

  /** A node that hid something is worse than any that is slow. */
  #costMs(node: string): number {
    const { latencyMs, worth } = this.#recordOf(node)
    return latencyMs + (1 - worth) * 10_000
  }

  #recordOf(node: string): Record {
    return this.#records.get(node) ?? unknown
  }
}
