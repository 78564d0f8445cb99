import type { BoxName, IdentityKey } from '@overpost/protocol'
import type { BoxAddress } from './message.ts'
import type { Clock } from './ports/clock.ts'
import type { DeviceStore } from './ports/device-store.ts'
import type { CoreEvents } from './ports/events.ts'
import type { PushNotifier } from './ports/push-notifier.ts'

export interface DeviceNoticesDeps {
  readonly devices: Pick<DeviceStore, 'list' | 'note'>
  readonly push: PushNotifier
  readonly clock: Clock
  readonly events: Pick<CoreEvents, 'pushed'>
  /** The box of whose news devices are told. */
  readonly box: string
}

/** Boxes with news that nobody was told of yet. News beyond are dropped: devices fetch mail without being told, too. */
const mostWaiting = 10_000
const mostAtOnce = 8

/** Tells devices of news in their owners' boxes, behind whatever brought the news: no message waits for a push service. */
export class DeviceNotices implements AsyncDisposable {
  readonly #deps: DeviceNoticesDeps
  /** By owner: news that come while a box waits are told together. */
  readonly #waiting = new Map<IdentityKey, BoxAddress>()
  readonly #rounds = new Set<Promise<void>>()
  readonly #stop = new AbortController()

  constructor(deps: DeviceNoticesDeps) {
    this.#deps = deps
  }

  /** Something was appended to a box. Returns at once. */
  appended(address: BoxAddress): void {
    if (address.box !== this.#deps.box || this.#stop.signal.aborted || this.#waiting.size >= mostWaiting) return
    this.#waiting.set(address.owner, address)
    if (this.#rounds.size >= mostAtOnce) return
    const round = this.#work().finally(() => this.#rounds.delete(round))
    this.#rounds.add(round)
  }

  /** Gives up what waits. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    this.#waiting.clear()
    await Promise.all(this.#rounds)
  }

  async #work(): Promise<void> {
    for (const [owner, { box }] of this.#waiting) {
      this.#waiting.delete(owner)
      try {
        await this.#tell(owner, box)
      } catch {
        this.#deps.events.pushed({ told: 0, gone: 0, failed: 1 })
      }
    }
  }

  async #tell(owner: IdentityKey, box: BoxName): Promise<void> {
    const { devices, push, clock, events } = this.#deps
    const active = (await devices.list(owner)).filter(({ isActive }) => isActive)
    if (active.length === 0) return
    const answers = await Promise.all(active.map(({ token }) => push.notify(token, { box }, this.#stop.signal)))
    const reached = active.flatMap(({ id, token }, index) =>
      answers[index] === 'failed' ? [] : [{ id, token, isGone: answers[index] === 'gone' }],
    )
    if (reached.length > 0) await devices.note(reached, clock.nowMs())
    const gone = reached.filter(({ isGone }) => isGone).length
    events.pushed({ told: reached.length - gone, gone, failed: active.length - reached.length })
  }
}
