import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as z from 'zod'

const urlAndPid = z.object({ url: z.string(), pid: z.number().int() })

const networkStateSchema = z.object({
  chain: urlAndPid,
  overlays: z.array(urlAndPid),
  hosts: z.array(urlAndPid.extend({ name: z.string(), identityKey: z.string(), dir: z.string() })),
})

const networkFileSchema = networkStateSchema.extend({
  /** The process that started the network, and how `overpost network restart` reaches it. */
  starter: urlAndPid.extend({ token: z.string() }),
})

/** What outside tools attach to: one line of JSON when the network is ready. */
export type NetworkState = z.infer<typeof networkStateSchema>
export type HostState = NetworkState['hosts'][number]
/** `DIR/network.json`: the state, kept up to date, and the way to the starter. */
export type NetworkFile = z.infer<typeof networkFileSchema>

/** Writes `dir/network.json` in one step, readable by its owner only. */
export function writeNetworkFile(dir: string, file: NetworkFile): void {
  const path = join(dir, 'network.json')
  writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 })
  renameSync(`${path}.new`, path)
}

export function hasNetworkFile(dir: string): boolean {
  return existsSync(join(dir, 'network.json'))
}

export function removeNetworkFile(dir: string): void {
  rmSync(join(dir, 'network.json'), { force: true })
}

/** Reads `dir/network.json`. @throws {Error} when no network was started there, or the file is not one of ours. */
export function readNetworkFile(dir: string): NetworkFile {
  const path = join(dir, 'network.json')
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new Error(`${path} cannot be read: is a network running there?`, { cause })
  }
  const parsed = networkFileSchema.safeParse(parseJson(text))
  if (!parsed.success) throw new Error(`${path} is not the file of a network`)
  return parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
