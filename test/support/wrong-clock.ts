import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostState } from '@overpost/devnet/network'
import { overpost, ReadyProcess } from './child-process.ts'
import type { TestNetwork } from './test-network.ts'

/** libfaketime, where Debian puts it; null when it is not here. */
export function fakeTimeLibrary(): string | null {
  const folders = existsSync('/usr/lib') ? readdirSync('/usr/lib').filter((name) => name.endsWith('-linux-gnu')) : []
  const files = folders.map((name) => `/usr/lib/${name}/faketime/libfaketimeMT.so.1`)
  return files.find((file) => existsSync(file)) ?? null
}

/** A host of a network whose clock is wrong, and jumps when told. Its monotonic time runs on. */
export class WrongClock implements AsyncDisposable {
  readonly #network: TestNetwork
  readonly #name: string
  readonly #process: ReadyProcess<HostState>
  #isRight = false

  private constructor(network: TestNetwork, name: string, process: ReadyProcess<HostState>) {
    this.#network = network
    this.#name = name
    this.#process = process
  }

  /** Stops the host, and starts it again with a clock that is ahead by so many seconds, or behind. */
  static async start(network: TestNetwork, name: string, aheadSeconds: number): Promise<WrongClock> {
    const library = fakeTimeLibrary()
    if (library === null) throw new Error('libfaketime is not here')
    await network.stop(name)
    writeOffset(network, name, aheadSeconds)
    const command = [...overpost, 'host', 'start', '--config', network.configFile(name)]
    const process = await ReadyProcess.start<HostState>(command, `${network.host(name).dir}/log`, {
      env: {
        LD_PRELOAD: library,
        FAKETIME_TIMESTAMP_FILE: offsetFile(network, name),
        FAKETIME_NO_CACHE: '1',
        FAKETIME_DONT_FAKE_MONOTONIC: '1',
        DONT_FAKE_MONOTONIC: '1',
      },
    })
    return new WrongClock(network, name, process)
  }

  jumpTo(aheadSeconds: number): void {
    writeOffset(this.#network, this.#name, aheadSeconds)
  }

  /** Stops the host, and starts it with the machine's clock. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isRight) return
    this.#isRight = true
    await this.#process[Symbol.asyncDispose]()
    await this.#network.restart(this.#name)
  }
}

function offsetFile(network: TestNetwork, name: string): string {
  return join(network.host(name).dir, 'faketime')
}

function writeOffset(network: TestNetwork, name: string, aheadSeconds: number): void {
  writeFileSync(offsetFile(network, name), `${aheadSeconds < 0 ? '-' : '+'}${Math.abs(aheadSeconds)}\n`)
}
