import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, statSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { HostState } from '@overpost/devnet/network'
import type { HostConfigInput } from '@overpost/host'
import { overpost, ReadyProcess } from './child-process.ts'
import type { TestNetwork } from './test-network.ts'

/** 4 of them are the file system's own log. */
const imageBytes = 12 * 1024 * 1024
/** Where another program writes. */
const filler = 'filler'

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
 * A disk of 8 MB for the store of one host: an ext4 file system in a file, of blocks as large disks have them, mounted where that host alone sees it, so that the
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
    const made = spawnSync(
      'sh',
      ['-c', `truncate -s ${imageBytes} "$0" && mkfs.ext4 -q -F -b 4096 "$0"`, disk.#image],
      {
        env: { ...process.env, PATH: `${process.env['PATH']}:/sbin:/usr/sbin` },
      },
    )
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
    const { bavail, bsize } = statfsSync(this.#seenBy(pid))
    return bavail * bsize
  }

  /** How long the ballast of the store is, which the host keeps beside it. */
  ballastBytes(pid: number): number {
    return statSync(join(this.#seenBy(pid), 'host.sqlite-ballast'), { throwIfNoEntry: false })?.size ?? 0
  }

  /** Takes all that is left, to the last byte, as another program might. Returns how many bytes that was. */
  fill(pid: number): number {
    const handle = openSync(join(this.#seenBy(pid), filler), 'a')
    let taken = 0
    for (let bytes = 1024 * 1024; bytes >= 1;) {
      try {
        taken += writeSync(handle, Buffer.alloc(bytes))
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        bytes = Math.floor(bytes / 2)
      }
    }
    closeSync(handle)
    return taken
  }

  /** Gives back what {@link fill} took. */
  free(pid: number): void {
    rmSync(join(this.#seenBy(pid), filler))
  }

  #seenBy(pid: number): string {
    return join(`/proc/${pid}/root`, this.#mount)
  }
}
