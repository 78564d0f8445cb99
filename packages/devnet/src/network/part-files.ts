import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostConfigInput } from '@overpost/host'
import type { OverlayConfigInput } from '@overpost/overlay'

/** What every part needs to know of the others. */
export interface PartSite {
  /** `A`, `overlay-1`: also the name of its wallet at the chain. */
  readonly name: string
  /** Its own folder. */
  readonly dir: string
  readonly port: number
  readonly chainUrl: string
  readonly overlayUrls: readonly string[]
  /** Lifts rate limits and quotas. */
  readonly noLimits: boolean
}

/** The names of `count` hosts: A to Z, then AA, AB, ... */
export function hostNames(count: number): string[] {
  return Array.from({ length: count }, (_, index) => letters(index))
}

/** The configuration of a host on this machine, with its key and its database in its own folder. */
export function writeHostFiles({ name, dir, port, chainUrl, overlayUrls, noLimits }: PartSite): void {
  writeConfig(dir, {
    listen: { port },
    publicUrl: urlOf(port),
    identityKeyFile: keyFile(dir),
    development: true,
    store: { file: join(dir, 'host.sqlite') },
    chain: { headersUrl: chainUrl },
    wallet: { url: `${chainUrl}/wallets/host-${name}` },
    overlay: { urls: [...overlayUrls] },
    // Whoever tries something by hand, or in a test, waits for a new home a second and not a minute.
    outbox: { unroutedBaseMs: 1000, unroutedMostMs: 10_000 },
    routes: { negativeMs: 1000 },
    ...(noLimits ? { rates: { enabled: false }, quotas: { enabled: false } } : {}),
  } satisfies HostConfigInput)
}

/** The configuration of an overlay node on this machine, which tells the other nodes of itself. */
export function writeOverlayFiles({ name, dir, port, chainUrl, overlayUrls, noLimits }: PartSite): void {
  writeConfig(dir, {
    listen: { port },
    publicUrl: urlOf(port),
    dataDir: join(dir, 'data'),
    development: true,
    headers: { url: chainUrl },
    arc: { url: chainUrl },
    advertise: {
      privateKey: readFileSync(keyFile(dir), 'utf8').trim(),
      walletUrl: `${chainUrl}/wallets/${name}`,
      peers: overlayUrls.filter((url) => url !== urlOf(port)),
    },
    ...(noLimits ? { limits: { submitsAtOnce: 10_000, feedWaiters: 100_000 } } : {}),
  } satisfies OverlayConfigInput)
}

/** The port of a part that ran in this folder before, so that what it put on chain still leads to it; else null. */
export function formerPort(dir: string): number | null {
  const path = join(dir, 'config.json')
  if (!existsSync(path)) return null
  const config = JSON.parse(readFileSync(path, 'utf8')) as { listen?: { port?: unknown } }
  return typeof config.listen?.port === 'number' ? config.listen.port : null
}

export function urlOf(port: number): string {
  return `http://127.0.0.1:${port}`
}

function writeConfig(dir: string, config: object): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  writeFileSync(join(dir, 'config.json'), `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 })
}

/** The file with the part's private key, made when it is not there yet. */
function keyFile(dir: string): string {
  const path = join(dir, 'key')
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  if (!existsSync(path)) writeFileSync(path, `${randomBytes(32).toString('hex')}\n`, { mode: 0o600 })
  return path
}

function letters(index: number): string {
  const rest = Math.floor(index / 26)
  return (rest === 0 ? '' : letters(rest - 1)) + String.fromCharCode(65 + (index % 26))
}
