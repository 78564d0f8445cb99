import type { Clock } from './ports/clock.ts'

const leapMs = 5 * 60_000
const doubtMs = 60 * 60_000

/**
 * The time by which mail and memories grow old. It is the clock's, but when that leaps ahead, this time stands where it was until
 * the clock has kept to the new time for an hour: a clock that is set ahead by days, and back again, ends nothing early. It must be
 * read every few minutes, as a pause of five between two readings is taken for a leap; that costs an hour, and loses nothing.
 */
export class AgeClock implements Pick<Clock, 'nowMs'> {
  readonly #clock: Pick<Clock, 'nowMs'>
  #lastMs: number
  /** How far this time is behind the clock's, and until when. */
  #behindMs = 0
  #doubtUntilMs = 0

  constructor(clock: Pick<Clock, 'nowMs'>) {
    this.#clock = clock
    this.#lastMs = clock.nowMs()
  }

  /** Unix milliseconds. */
  nowMs(): number {
    const nowMs = this.#clock.nowMs()
    const passedMs = nowMs - this.#lastMs
    this.#lastMs = nowMs
    if (passedMs > leapMs) {
      this.#behindMs += passedMs
      this.#doubtUntilMs = nowMs + doubtMs
    } else if (passedMs < 0) {
      this.#behindMs = Math.max(0, this.#behindMs + passedMs)
      this.#doubtUntilMs += passedMs
    }
    if (nowMs >= this.#doubtUntilMs) this.#behindMs = 0
    return nowMs - this.#behindMs
  }
}
