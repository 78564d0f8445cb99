import { resolve } from 'node:path'
import { nativeSignatureVerifier } from '@overpost/auth'
import { findHosts, headerServiceTracker, type FoundHosts } from '@overpost/client'
import { readNetworkFile } from '@overpost/devnet/network'
import type { IdentityKey } from '@overpost/protocol'
import { defineCommand, UsageError } from '../command.ts'
import { readKey } from '../connect.ts'
import { columns } from '../help-text.ts'
import { exitCodes, type Io } from '../io.ts'
import { shared, type OptionValues } from '../options.ts'

/** The options of every command that asks the overlay. */
export const lookupOptions = {
  overlay: { kind: 'list', value: 'URL', env: 'OVERPOST_OVERLAYS', description: 'overlay node to ask' },
  headers: { kind: 'text', value: 'URL', env: 'OVERPOST_HEADERS', description: 'block header service' },
  dir: shared.dir,
  'allow-http': {
    kind: 'switch',
    description: 'believe adverts of http: hosts too; set by itself when a node is asked on this machine',
  },
  'timeout-ms': shared['timeout-ms'],
  json: shared.json,
} as const

export const lookup = defineCommand({
  name: 'lookup',
  summary: "find a user's hosts in the overlay, and verify each: SPV, both signatures, dates, spends",
  positionals: [{ name: 'KEY', required: true, description: "the user's identity key" }],
  options: lookupOptions,
  notes: ['Exit code 1 when no host is found, 3 when no node answers.'],
  async run({ options, positionals: [user = ''] }, io) {
    const found = await findVerified(readKey('KEY', user), options, io)
    if (options.json) io.out(JSON.stringify(found))
    else for (const line of describe(found)) io.out(line)
    return found.hosts.length > 0 ? exitCodes.done : exitCodes.refused
  },
})

/** A user's hosts by the nodes that the options name; tells which of them did not help. @throws {UsageError} */
export async function findVerified(
  user: IdentityKey,
  options: OptionValues<typeof lookupOptions>,
  io: Pick<Io, 'err' | 'signal'>,
): Promise<FoundHosts> {
  const { overlays, headers } = whereToAsk(options)
  const found = await findHosts({
    user,
    overlays,
    chainTracker: headerServiceTracker(headers, { timeoutMs: options['timeout-ms'] }),
    verifier: nativeSignatureVerifier(),
    allowHttp: options['allow-http'] || overlays.some(isOnThisMachine),
    timeoutMs: options['timeout-ms'],
    signal: io.signal,
  })
  for (const { overlay, reason } of found.failed) io.err(`overpost: ${overlay} did not help: ${reason}`)
  return found
}

function whereToAsk(options: { overlay: readonly string[]; headers: string | undefined; dir: string | undefined }): {
  overlays: readonly string[]
  headers: string
} {
  const network = options.dir === undefined ? null : readNetworkFile(resolve(options.dir))
  const overlays = options.overlay.length > 0 ? options.overlay : (network?.overlays.map(({ url }) => url) ?? [])
  const headers = options.headers ?? network?.chain.url
  for (const url of overlays) if (!URL.canParse(url)) throw new UsageError(`--overlay: ${url} is no URL`)
  if (overlays.length === 0) throw new UsageError('--overlay is missing (or set OVERPOST_OVERLAYS)')
  if (headers === undefined) throw new UsageError('--headers is missing (or set OVERPOST_HEADERS)')
  if (!URL.canParse(headers)) throw new UsageError(`--headers: ${headers} is no URL`)
  return { overlays, headers }
}

function isOnThisMachine(url: string): boolean {
  return ['127.0.0.1', 'localhost', '[::1]'].includes(new URL(url).hostname)
}

function describe({ hosts, refused, answered }: FoundHosts): string[] {
  const rows = hosts.map(({ origin, hostKey, pattern, dates, outpoint, height }) => [
    origin,
    hostKey,
    pattern ?? '(all boxes)',
    dates === null ? 'no dates' : `until ${new Date(dates.expiresAtMs).toISOString()}`,
    outpoint,
    height === null ? 'not mined yet' : `block ${height}`,
  ])
  return [
    ...(rows.length === 0
      ? [`no host found (${answered.length} nodes answered)`]
      : columns([['ORIGIN', 'HOST KEY', 'BOXES', 'VALID', 'OUTPOINT', 'HEIGHT'], ...rows])),
    ...refused.map(({ outpoint, reason }) => `not believed: ${outpoint}: ${reason}`),
  ]
}
