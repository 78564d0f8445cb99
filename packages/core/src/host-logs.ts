import type { IdentityKey } from '@overpost/protocol'
import type { Alarm } from './alarm.ts'
import { BoundedMap } from './bounded-map.ts'
import type { Clock } from './ports/clock.ts'
import type { CoreEvents } from './ports/events.ts'
import type { NotedLog, ResendStore } from './ports/resend-store.ts'

export interface HostLogsDeps {
  readonly store: Pick<ResendStore, 'noteLog'>
  /** Rung when something is to be sent again. */
  readonly alarm: Pick<Alarm, 'ring'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly events: Pick<CoreEvents, 'roundFailed'>
}

const mostHosts = 10_000
/** A host gets what it had again once an hour at most, whatever it says. */
const leastMs = 60 * 60 * 1000

/** What other hosts' logs are called. One that is called otherwise than before began anew, from a backup: it lost what came since. */
export class HostLogs {
  readonly #deps: HostLogsDeps
  /** What need not be written down, and until when. */
  readonly #known = new BoundedMap<IdentityKey, { readonly log: string; readonly untilMs: number }>(mostHosts)

  constructor(deps: HostLogsDeps) {
    this.#deps = deps
  }

  /** Takes note of what a host's answer names. Never rejects. */
  async heard(hostKey: IdentityKey, log: string): Promise<void> {
    const nowMs = this.#deps.clock.nowMs()
    const known = this.#known.get(hostKey)
    if (known?.log === log && nowMs < known.untilMs) return
    try {
      const noted = await this.#note(hostKey, log, false, nowMs)
      this.#known.set(hostKey, { log, untilMs: noted === 'soon' ? nowMs + leastMs : Infinity })
    } catch (error) {
      this.#deps.events.roundFailed({ part: 'resend', error })
    }
  }

  /** A host says that its log began anew. `anew`: what it had of us goes again. */
  asked(hostKey: IdentityKey, log: string): Promise<NotedLog> {
    return this.#note(hostKey, log, true, this.#deps.clock.nowMs())
  }

  async #note(hostKey: IdentityKey, log: string, isAsked: boolean, nowMs: number): Promise<NotedLog> {
    const noted = await this.#deps.store.noteLog(hostKey, log, { isAsked, nowMs, leastMs })
    if (noted === 'anew') this.#deps.alarm.ring()
    return noted
  }
}
