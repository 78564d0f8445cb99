import { resolve } from 'node:path'
import { nativeSignatureVerifier } from '@overpost/auth'
import { MessageBoxClient } from '@overpost/client'
import { readNetworkFile } from '@overpost/devnet/network'
import { identityKeySchema, parseHostOrigin, type IdentityKey } from '@overpost/protocol'
import { WebSocket } from 'ws'
import { UsageError } from './command.ts'
import type { Io } from './io.ts'
import { readWallet } from './key-file.ts'
import { shared, type OptionValues } from './options.ts'

/** The options of every command that talks to a host. */
export const hostOptions = {
  host: shared.host,
  'key-file': shared['key-file'],
  'host-key': shared['host-key'],
  dir: shared.dir,
  'timeout-ms': shared['timeout-ms'],
} as const

/** A client for the host and the key that the options name. @throws {UsageError} */
export function connect(options: OptionValues<typeof hostOptions>, io: Pick<Io, 'err'>): MessageBoxClient {
  const { origin, hostKey } = findHost(options.host, options.dir)
  const expected = options['host-key'] === undefined ? hostKey : readKey('--host-key', options['host-key'])
  return new MessageBoxClient({
    wallet: readWallet(options['key-file'], io),
    host: origin,
    timeoutMs: options['timeout-ms'],
    verifier: nativeSignatureVerifier(),
    openWebSocket: (url) => new WebSocket(url, { perMessageDeflate: false }),
    ...(expected === null ? {} : { expectedHostKey: expected }),
  })
}

/** A public key on the command line. @throws {UsageError} */
export function readKey(name: string, text: string): IdentityKey {
  const parsed = identityKeySchema.safeParse(text)
  if (parsed.success) return parsed.data
  throw new UsageError(`${name} must be a public key of 66 hexadecimal digits, not ${JSON.stringify(text)}`)
}

/** The host that `--host` names: by its origin, or in the network of `--dir`. @throws {UsageError} */
export function findHost(name: string, dir: string | undefined): { origin: string; hostKey: IdentityKey | null } {
  if (dir !== undefined) {
    const host = readNetworkFile(resolve(dir)).hosts.find((candidate) => candidate.name === name)
    if (host !== undefined) return { origin: host.url, hostKey: readKey('identityKey', host.identityKey) }
  }
  const origin = parseHostOrigin(name, { allowHttp: true })
  if (origin !== null) return { origin, hostKey: null }
  const hint = dir === undefined ? 'with --dir, the name of a host there' : `the name of a host in ${dir}`
  throw new UsageError(
    `--host must be an origin such as https://relay.example, or ${hint}; not ${JSON.stringify(name)}`,
  )
}
