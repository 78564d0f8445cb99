import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { nativeSignatureVerifier, nodeTransport } from '@overpost/auth'
import { MessageBoxClient, type OpenWebSocket } from '@overpost/client'
import { restartHost, type HostState, type NetworkState } from '@overpost/devnet/network'
import type { HostConfigInput } from '@overpost/host'
import { gone, overpost, ReadyProcess, signal } from './child-process.ts'
import { WebSocket } from 'ws'
import { FaultProxy } from './fault-proxy.ts'
import type { Person } from './person.ts'
import { drawsFor } from './seed.ts'
import { until } from './until.ts'

export interface TestNetworkOptions {
  readonly hosts: number
  readonly overlays?: number
  /** The hosts that others reach through a proxy of the test, under its address. */
  readonly proxied?: readonly string[]
  /** Changes what all hosts are configured with. */
  readonly configure?: (config: HostConfigInput) => HostConfigInput
}

const callTimeoutMs = 10_000

/**
 * A network of processes, started by the real `overpost network` in a folder of its own. Disposing of it stops all and removes
 * the folder.
 */
export class TestNetwork implements AsyncDisposable {
  readonly dir: string
  readonly verifier = nativeSignatureVerifier()
  readonly transport = nodeTransport({ connectionsPerOrigin: 32 })
  readonly openWebSocket: OpenWebSocket = (url) => new WebSocket(url, { perMessageDeflate: false })
  readonly #starter: ReadyProcess<NetworkState>
  readonly #hosts: Map<string, HostState>
  readonly #overlays: { url: string; pid: number; own: AsyncDisposable | null }[]
  readonly #proxies = new Map<string, FaultProxy>()

  private constructor(dir: string, starter: ReadyProcess<NetworkState>) {
    this.dir = dir
    this.#starter = starter
    this.#hosts = new Map(starter.ready.hosts.map((host) => [host.name, host]))
    this.#overlays = starter.ready.overlays.map((overlay) => ({ ...overlay, own: null }))
  }

  static async start(options: TestNetworkOptions): Promise<TestNetwork> {
    const { hosts, overlays = 1, proxied = [], configure } = options
    const dir = mkdtempSync(join(tmpdir(), 'overpost-test-'))
    const counts = ['--hosts', String(hosts), '--overlays', String(overlays)]
    const command = [...overpost, 'network', '--json', '--no-limits', ...counts, '--dir', dir]
    let network: TestNetwork
    try {
      network = new TestNetwork(dir, await ReadyProcess.start(command, join(dir, 'network.log')))
    } catch (error) {
      rmSync(dir, { recursive: true, force: true })
      throw error
    }
    try {
      for (const name of proxied) await network.#putBehindProxy(name, configure)
      const others = [...network.#hosts.keys()].filter((name) => !proxied.includes(name))
      if (configure !== undefined) for (const name of others) await network.reconfigure(name, configure)
      return network
    } catch (error) {
      await network[Symbol.asyncDispose]()
      throw error
    }
  }

  get chainUrl(): string {
    return this.#starter.ready.chain.url
  }

  get overlayUrls(): string[] {
    return this.#overlays.map(({ url }) => url)
  }

  get hostNames(): string[] {
    return [...this.#hosts.keys()]
  }

  /** A host, with the address where it listens. */
  host(name: string): HostState {
    const host = this.#hosts.get(name)
    if (host === undefined) throw new Error(`there is no host ${name}`)
    return host
  }

  /** What others go through to reach a host. */
  proxy(name: string): FaultProxy {
    const proxy = this.#proxies.get(name)
    if (proxy === undefined) throw new Error(`host ${name} is not behind a proxy`)
    return proxy
  }

  /** A client of `person` at a host. It sends with an envelope, checks natively, and shares connections with the others. */
  client(person: Person, name: string, host = this.host(name).url, timeoutMs = callTimeoutMs): MessageBoxClient {
    return new MessageBoxClient({
      wallet: person.wallet,
      host,
      expectedHostKey: this.host(name).identityKey,
      timeoutMs,
      transport: this.transport,
      openWebSocket: this.openWebSocket,
      verifier: this.verifier,
    })
  }

  /** kill -9; resolves when the process is gone. */
  async kill(name: string): Promise<void> {
    const { pid } = this.host(name)
    signal(pid, 'SIGKILL')
    await gone(pid)
  }

  /** SIGTERM: the host drains; resolves when it is gone. */
  async stop(name: string): Promise<void> {
    const { pid } = this.host(name)
    signal(pid, 'SIGTERM')
    await gone(pid)
  }

  /** What `overpost network restart NAME` does: port, key and store stay. */
  async restart(name: string): Promise<void> {
    const { url: listenUrl } = this.host(name)
    const state = await restartHost(this.dir, name)
    this.#hosts.set(name, this.#proxies.has(name) ? { ...state, url: listenUrl } : state)
  }

  /** Changes a host's configuration, and restarts it with that. */
  async reconfigure(name: string, change: (config: HostConfigInput) => HostConfigInput): Promise<void> {
    this.changeConfig(name, change)
    await this.stop(name)
    await this.restart(name)
  }

  /** Changes a host's configuration, for its next start. */
  changeConfig(name: string, change: (config: HostConfigInput) => HostConfigInput): void {
    const path = this.configFile(name)
    writeFileSync(path, JSON.stringify(change(JSON.parse(readFileSync(path, 'utf8')) as HostConfigInput), null, 2))
  }

  configFile(name: string): string {
    return join(this.host(name).dir, 'config.json')
  }

  /** The private key of a host, to play that host. */
  privateKey(name: string): string {
    return readFileSync(join(this.host(name).dir, 'key'), 'utf8').trim()
  }

  /** Stops overlay node `index`, counted from 0. */
  async stopOverlay(index: number): Promise<void> {
    const overlay = this.#overlay(index)
    signal(overlay.pid, 'SIGTERM')
    await gone(overlay.pid)
    await overlay.own?.[Symbol.asyncDispose]()
    overlay.own = null
  }

  /** Starts it again where it was. */
  async startOverlay(index: number): Promise<void> {
    const overlay = this.#overlay(index)
    const dir = join(this.dir, `overlay-${index + 1}`)
    const command = [...overpost, 'overlay', 'start', '--config', join(dir, 'config.json')]
    const started = await ReadyProcess.start<{ pid: number }>(command, join(dir, 'log'))
    overlay.pid = started.ready.pid
    overlay.own = started
  }

  /** Allows a host to take mail for `person`, and waits until every overlay node shows the advert. */
  async authorize(person: Person, name: string): Promise<void> {
    // A host takes an authorization of the address that it advertises.
    await this.client(person, name, this.#proxies.get(name)?.url).authorizeRouting()
    const { identityKey } = this.host(name)
    for (const { url } of this.#overlays) {
      await until(`an advert of host ${name} at ${url}`, async () =>
        (await tokensOf(person.key, url)).some((beef) => beef.includes(identityKey)),
      )
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.transport.close()
    for (const { own } of this.#overlays) await own?.[Symbol.asyncDispose]()
    await this.#starter[Symbol.asyncDispose]()
    for (const proxy of this.#proxies.values()) await proxy[Symbol.asyncDispose]()
    rmSync(this.dir, { recursive: true, force: true })
  }

  /** Before anything leads to the host: its address is then the proxy's. */
  async #putBehindProxy(name: string, configure: TestNetworkOptions['configure'] = (config) => config): Promise<void> {
    const proxy = await FaultProxy.start(Number(new URL(this.host(name).url).port), drawsFor(`proxy of ${name}`))
    this.#proxies.set(name, proxy)
    await this.reconfigure(name, (config) => ({ ...configure(config), publicUrl: proxy.url }))
  }

  #overlay(index: number) {
    const overlay = this.#overlays[index]
    if (overlay === undefined) throw new Error(`there is no overlay node ${index}`)
    return overlay
  }
}

/** So that what waits goes again within a second, and a call that hears nothing ends within five. */
export function withShortPauses(config: HostConfigInput): HostConfigInput {
  return { ...config, outbox: { ...config.outbox, backoffBaseMs: 100, backoffMostMs: 1_000, callTimeoutMs: 5_000 } }
}

/** What a node shows for a user as live: each output's BEEF in hexadecimal digits. */
async function tokensOf(user: string, overlayUrl: string): Promise<string[]> {
  const answer = await fetch(`${overlayUrl}/lookup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ service: 'ls_phip', query: { user } }),
  })
  const { outputs = [] } = (await answer.json()) as { outputs?: { beef: number[] }[] }
  return outputs.map(({ beef }) => Buffer.from(beef).toString('hex'))
}
