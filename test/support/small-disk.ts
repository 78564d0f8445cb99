import { spawnSync } from 'node:child_process'
import { mkdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import type { HostState } from '@overpost/devnet/network'
import type { HostConfigInput } from '@overpost/host'
import { overpost, ReadyProcess } from './child-process.ts'
import type { TestNetwork } from './test-network.ts'

const imageBytes = 8 * 1024 * 1024

/** Whether this process may make and mount disks: root, with mount namespaces and loop devices. */
export function canMount(): boolean {
  const script =
    'd=$(mktemp -d) && truncate -s 1M $d/i && mkfs.ext4 -q -F $d/i && mkdir $d/m && mount -o loop $d/i $d/m'
  const tried = spawnSync('unshare', ['-m', 'sh', '-c', `${script} && umount $d/m; r=$?; rm -r $d; exit $r`], {
    env: { ...process.env, PATH: `${process.env['PATH']}:/sbin:/usr/sbin` },
  })
  return tried.status === 0
}

/**
 * A disk of 8 MB for the store of one host: an ext4 file system in a file, mounted where that host alone sees it, so that the
 * mount ends with the process, however that ends. What is on it stays.
 */
export class SmallDisk {
  readonly #network: TestNetwork
  readonly #name: string
  readonly #dir: string

  /** Stops the host that runs; {@link start} starts it on the disk, with nothing stored. */
  static async make(
    network: TestNetwork,
    name: string,
    change: (config: HostConfigInput) => HostConfigInput,
  ): Promise<SmallDisk> {
    const disk = new SmallDisk(network, name)
    await network.stop(name)
    network.changeConfig(name, (config) => {
      const changed = change(config)
      return { ...changed, store: { ...changed.store, file: join(disk.#mount, 'host.sqlite') } }
    })
    mkdirSync(disk.#mount, { recursive: true })
    const made = spawnSync('sh', ['-c', `truncate -s ${imageBytes} "$0" && mkfs.ext4 -q -F "$0"`, disk.#image], {
      env: { ...process.env, PATH: `${process.env['PATH']}:/sbin:/usr/sbin` },
    })
    if (made.status !== 0) throw new Error(`no disk: ${made.stderr.toString()}`)
    return disk
  }

  private constructor(network: TestNetwork, name: string) {
    this.#network = network
    this.#name = name
    this.#dir = join(network.dir, `disk-${name}`)
  }

  get #image(): string {
    return join(this.#dir, 'image')
  }

  get #mount(): string {
    return join(this.#dir, 'mount')
  }

  start(): Promise<ReadyProcess<HostState>> {
    const script = 'mount -o loop "$1" "$2" && shift 2 && exec "$@"'
    const host = [...overpost, 'host', 'start', '--config', this.#network.configFile(this.#name)]
    const command = ['unshare', '-m', 'sh', '-c', script, 'sh', this.#image, this.#mount, ...host]
    return ReadyProcess.start(command, join(this.#network.host(this.#name).dir, 'log'))
  }

  freeBytes(pid: number): number {
    const { bavail, bsize } = statfsSync(join(`/proc/${pid}/root`, this.#mount))
    return bavail * bsize
  }
}
