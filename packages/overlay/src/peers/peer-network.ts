import type { Logger } from 'pino'
import type { OverlayEngine } from '../overlay-engine.ts'
import type { OverlayStore } from '../storage/overlay-store.ts'
import { followFeed } from './follow-feed.ts'
import type { PeerClient } from './peer-client.ts'
import { pullGraphs } from './pull-graphs.ts'
import { pushNews } from './push-news.ts'

/** Another overlay node, and the topics that it and this one host. */
export interface Peer {
  readonly url: string
  readonly topics: readonly string[]
  /** Whether the operator named it; else a SHIP token does. */
  readonly isChosenHere: boolean
}

export interface PeerNetworkParts {
  readonly store: OverlayStore
  readonly engine: Pick<OverlayEngine, 'submit'>
  readonly suspect: (txid: string) => void
  /** The peers as they are known now. */
  readonly peers: () => readonly Peer[]
  readonly client: (peer: Peer, signal: AbortSignal) => PeerClient
  /** How often each peer is asked for what this node does not have. */
  readonly syncMs: number
  /** The first wait after a failure; it doubles up to 10 minutes. */
  readonly retryMs: number
  readonly log: Logger
}

type Task = 'push' | 'sync'

interface TaskState {
  isRunning: boolean
  failures: number
  dueMs: number
}

const lastRetryMs = 600_000
const directoryMs = 1_000

/**
 * Keeps this node and others together: passes on what is news here, and takes from them what this node missed, at the start, when a peer turns up and
 * periodically. Each peer goes at its own pace: one that is down or slow holds up nobody.
 */
export class PeerNetwork {
  readonly #parts: PeerNetworkParts
  readonly #stop = new AbortController()
  readonly #states = new Map<string, Record<Task, TaskState>>()
  readonly #running = new Set<Promise<void>>()
  #peers: { list: readonly Peer[]; atMs: number } = { list: [], atMs: -Infinity }
  #timer: NodeJS.Timeout | undefined

  constructor(parts: PeerNetworkParts) {
    this.#parts = parts
  }

  /** How many peers are known, and how many of them cannot be reached. */
  get standing(): { readonly known: number; readonly failing: number } {
    const states = [...this.#states.values()]
    return {
      known: states.length,
      failing: states.filter(({ push, sync }) => push.failures + sync.failures > 0).length,
    }
  }

  start(): void {
    this.#tick()
  }

  /** Something was admitted or spent here. */
  news(): void {
    this.#tick()
  }

  /** One catching up with every peer, and all news passed on: resolves when both are done or have failed. */
  async settle(): Promise<void> {
    this.#peers = { list: [], atMs: -Infinity }
    await Promise.all(this.#running)
    for (const states of this.#states.values()) states.push.dueMs = states.sync.dueMs = 0
    this.#tick()
    while (this.#running.size > 0) await Promise.all(this.#running)
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('the node stops'))
    clearTimeout(this.#timer)
    await Promise.all(this.#running)
  }

  /** Starts what is due, and comes back when something else is. */
  #tick(): void {
    if (this.#stop.signal.aborted) return
    const now = performance.now()
    if (now - this.#peers.atMs >= directoryMs) {
      this.#peers = { list: this.#parts.peers(), atMs: now }
      const urls = new Set(this.#peers.list.map(({ url }) => url))
      for (const url of this.#states.keys()) if (!urls.has(url)) this.#states.delete(url)
    }
    // News may be of a peer: it is looked for again as soon as that is due.
    const isOld = this.#peers.atMs < now
    let nextMs = isOld ? this.#peers.atMs + directoryMs : now + this.#parts.syncMs
    for (const peer of this.#peers.list) {
      const states = this.#stateOf(peer)
      if (!states.push.isRunning && states.push.dueMs <= now && this.#hasNewsFor(peer)) {
        this.#run('push', peer, states.push)
      }
      if (!states.sync.isRunning && states.sync.dueMs <= now) this.#run('sync', peer, states.sync)
      for (const { isRunning, dueMs } of [states.push, states.sync]) {
        if (!isRunning && dueMs > now) nextMs = Math.min(nextMs, dueMs)
      }
    }
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#tick(), Math.max(nextMs - now, 50))
    this.#timer.unref()
  }

  #stateOf({ url, topics, isChosenHere }: Peer): Record<Task, TaskState> {
    const known = this.#states.get(url)
    if (known !== undefined) return known
    const fresh = () => ({ isRunning: false, failures: 0, dueMs: 0 })
    const states = { push: fresh(), sync: fresh() }
    this.#states.set(url, states)
    const { cursors, events } = this.#parts.store
    // A stranger's token does not make this node send all that it ever admitted.
    if (isChosenHere) return states
    for (const topic of topics) {
      if (cursors.get(url, topic, 'push') === null) cursors.set(url, topic, 'push', { n: events.last(), log: '' })
    }
    return states
  }

  #hasNewsFor({ url, topics }: Peer): boolean {
    const { cursors, events } = this.#parts.store
    return topics.some((topic) => (cursors.get(url, topic, 'push')?.n ?? 0) < events.lastOf(topic))
  }

  #run(task: Task, peer: Peer, state: TaskState): void {
    const { log, syncMs } = this.#parts
    state.isRunning = true
    const work = (task === 'push' ? this.#push(peer) : this.#sync(peer)).then(
      () => {
        state.failures = 0
        state.dueMs = task === 'push' ? 0 : performance.now() + syncMs
      },
      (error: unknown) => {
        state.failures++
        const waitMs = this.#backoffMs(state.failures)
        state.dueMs = performance.now() + waitMs
        if (!this.#stop.signal.aborted)
          log.info({ err: error, peer: peer.url, task, waitMs }, 'a peer cannot be reached')
      },
    )
    const done = work.finally(() => {
      state.isRunning = false
      this.#running.delete(done)
      this.#tick()
    })
    this.#running.add(done)
  }

  async #push(peer: Peer): Promise<void> {
    const { signal } = this.#stop
    const client = this.#parts.client(peer, signal)
    for (const topic of peer.topics) await pushNews(peer.url, topic, { ...this.#parts, client, signal })
  }

  async #sync(peer: Peer): Promise<void> {
    const { signal } = this.#stop
    const parts = { ...this.#parts, client: this.#parts.client(peer, signal), signal }
    for (const topic of peer.topics) {
      if (!(await followFeed(peer.url, topic, parts))) await pullGraphs(peer.url, topic, parts)
    }
  }

  /** Doubles, up to 10 minutes, with half of it by chance: nodes that lost the same peer do not come back together. */
  #backoffMs(failures: number): number {
    const most = Math.min(this.#parts.retryMs * 2 ** Math.min(failures - 1, 20), lastRetryMs)
    return most * (0.5 + Math.random() / 2)
  }
}
