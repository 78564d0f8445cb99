import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import * as z from 'zod'
import { isAlive, openControl, type Control } from './control.ts'
import { freePorts } from './free-ports.ts'
import { formerPort, hostNames, urlOf, writeHostFiles, writeOverlayFiles } from './part-files.ts'
import {
  hasNetworkFile,
  readNetworkFile,
  removeNetworkFile,
  writeNetworkFile,
  type HostState,
  type NetworkState,
} from './network-state.ts'
import { Part } from './part.ts'

export interface NetworkOptions {
  readonly hosts: number
  readonly overlays: number
  /** Lifts rate limits and quotas. */
  readonly noLimits?: boolean
  /** Where everything is kept; left out: a new folder that is removed at the end. */
  readonly dir?: string
  /** How to run the `overpost` program: each part is a process of it. */
  readonly command: readonly string[]
  /** Aborting it while the network starts ends what has started. */
  readonly signal?: AbortSignal
  /** Told of each part as it becomes ready. */
  readonly onReady?: (part: { readonly name: string; readonly url: string; readonly pid: number }) => void
}

const readyWithinMs = 60_000
const readySchema = z.object({ url: z.string(), pid: z.number().int() })
const hostReadySchema = readySchema.extend({ identityKey: z.string() })

interface RunningHost {
  readonly name: string
  readonly dir: string
  part: Part
  state: HostState
}

/**
 * A local network of processes: chain, then overlay nodes, then hosts, each ready before the next kind starts. A part that
 * ends, or is killed, stays dead until it is restarted here or by `overpost network restart`. Disposing of it stops all.
 */
export class Network implements AsyncDisposable {
  readonly dir: string
  readonly #options: NetworkOptions
  readonly #signal: AbortSignal
  readonly #overlays: Part[] = []
  readonly #hosts: RunningHost[] = []
  #chainPart: Part | null = null
  #control: Control | null = null
  /** One restart after another: two at once would start a host twice. */
  #restarts: Promise<unknown> = Promise.resolve()

  private constructor(options: NetworkOptions, dir: string) {
    this.#options = options
    this.#signal = options.signal ?? new AbortController().signal
    this.dir = dir
  }

  /** Resolves when all parts are ready. @throws {Error} naming the part that is not; everything is then stopped. */
  static async start(options: NetworkOptions): Promise<Network> {
    const dir = options.dir === undefined ? mkdtempSync(join(tmpdir(), 'overpost-')) : resolve(options.dir)
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    // Two networks on the same databases would ruin both.
    if (hasNetworkFile(dir) && (await isAlive(readNetworkFile(dir))))
      throw new Error(`a network runs in ${dir} already`)
    const network = new Network(options, dir)
    try {
      await network.#start()
      return network
    } catch (error) {
      await network[Symbol.asyncDispose]()
      throw error
    }
  }

  /** Where everything is. */
  state(): NetworkState {
    return {
      chain: readySchema.parse(this.#chainPart?.ready),
      overlays: this.#overlays.map(({ ready }) => readySchema.parse(ready)),
      hosts: this.#hosts.map(({ state }) => state),
    }
  }

  /** Kills a host at once, as kill -9 does; resolves when it is gone. */
  async killHost(name: string): Promise<void> {
    await this.#host(name).part.kill()
  }

  /** Stops a host if it runs, and starts it again with its port, key and store. @throws {Error} no such host, or not ready in time */
  restartHost(name: string): Promise<HostState> {
    const restarted = this.#restarts.then(async () => {
      const host = this.#host(name)
      await host.part.stop()
      await this.#startHost(host.name, host.dir)
      this.#writeFile()
      return this.#host(name).state
    })
    this.#restarts = restarted.catch(() => undefined)
    return restarted
  }

  /** Stops an overlay node, counted from 0, for good. */
  async stopOverlay(index: number): Promise<void> {
    const overlay = this.#overlays[index]
    if (overlay === undefined) throw new Error(`there is no overlay node ${index}`)
    await overlay.stop()
  }

  /** Stops all parts, hosts first, and removes the folder unless it was given. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#control?.[Symbol.asyncDispose]()
    await this.#restarts
    await Promise.all(this.#hosts.map(({ part }) => part.stop()))
    await Promise.all(this.#overlays.map((part) => part.stop()))
    await this.#chainPart?.stop()
    removeNetworkFile(this.dir)
    if (this.#options.dir === undefined) rmSync(this.dir, { recursive: true, force: true })
  }

  async #start(): Promise<void> {
    const { hosts, overlays, noLimits } = this.#options
    const overlaySites = Array.from({ length: overlays }, (_, index) => `overlay-${index + 1}`).map((name) => {
      return { name, dir: join(this.dir, name) }
    })
    const hostSites = hostNames(hosts).map((name) => ({ name, dir: join(this.dir, `host-${name}`) }))
    const ports = await portsFor([...overlaySites, ...hostSites].map(({ dir }) => dir))

    const chainDir = join(this.dir, 'chain')
    this.#chainPart = await this.#startPart('chain', chainDir, ['chain', 'start', '--dir', chainDir])
    const { url: chainUrl } = readySchema.parse(this.#chainPart.ready)
    const overlayUrls = overlaySites.map(({ dir }) => urlOf(ports.get(dir) ?? 0))
    const common = { chainUrl, overlayUrls, noLimits: noLimits ?? false }

    for (const site of overlaySites) writeOverlayFiles({ ...site, ...common, port: ports.get(site.dir) ?? 0 })
    // Together, since each tells the others of itself.
    await allOf(overlaySites, async ({ name, dir }, index) => {
      this.#overlays[index] = await this.#startPart(name, dir, ['overlay', 'start', ...configFlag(dir)])
    })
    for (const site of hostSites) writeHostFiles({ ...site, ...common, port: ports.get(site.dir) ?? 0 })
    await allOf(hostSites, ({ name, dir }) => this.#startHost(name, dir))

    this.#hosts.sort((one, other) => hostSites.findIndex(byName(one)) - hostSites.findIndex(byName(other)))
    this.#control = await openControl((name) => this.restartHost(name))
    this.#writeFile()
  }

  async #startHost(name: string, dir: string): Promise<void> {
    const part = await this.#startPart(`host-${name}`, dir, ['host', 'start', ...configFlag(dir)])
    const { url, identityKey, pid } = hostReadySchema.parse(part.ready)
    const state = { name, url, identityKey, pid, dir }
    const known = this.#hosts.find(byName({ name }))
    if (known === undefined) this.#hosts.push({ name, dir, part, state })
    else Object.assign(known, { part, state })
  }

  async #startPart(name: string, dir: string, args: readonly string[]): Promise<Part> {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    const command = [...this.#options.command, ...args]
    const part = await Part.start({ name, command, logFile: join(dir, 'log'), readyWithinMs }, this.#signal)
    const { url, pid } = readySchema.parse(part.ready)
    this.#options.onReady?.({ name, url, pid })
    return part
  }

  #host(name: string): RunningHost {
    const host = this.#hosts.find(byName({ name }))
    if (host !== undefined) return host
    const names = this.#hosts.map((candidate) => candidate.name).join(', ')
    throw new Error(`there is no host ${JSON.stringify(name)}: there are ${names}`)
  }

  #writeFile(): void {
    if (this.#control === null) return
    const { url, token } = this.#control
    writeNetworkFile(this.dir, { ...this.state(), starter: { url, token, pid: process.pid } })
  }
}

function byName({ name }: { readonly name: string }) {
  return (candidate: { readonly name: string }) => candidate.name === name
}

function configFlag(dir: string): string[] {
  return ['--config', join(dir, 'config.json')]
}

/** Waits for all, also when one fails, so that none starts behind the back of whoever then stops them. */
async function allOf<T>(items: readonly T[], work: (item: T, index: number) => Promise<void>): Promise<void> {
  const outcomes = await Promise.allSettled(items.map(work))
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

/** A port for each folder: the one that it had before, else a free one. */
async function portsFor(dirs: readonly string[]): Promise<Map<string, number>> {
  const free = await freePorts(dirs.length)
  return new Map(dirs.map((dir, index) => [dir, formerPort(dir) ?? free[index] ?? 0]))
}

/** Starts a local network; see {@link Network}. */
export function startNetwork(options: NetworkOptions): Promise<Network> {
  return Network.start(options)
}
