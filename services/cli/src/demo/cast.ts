import { randomBytes } from 'node:crypto'
import { IdentityWallet, nativeSignatureVerifier } from '@overpost/auth'
import { fetchTransport, type Transport } from '@overpost/auth/session'
import {
  findHosts,
  headerServiceTracker,
  MessageBoxClient,
  type FoundHosts,
  type ListedMessage,
} from '@overpost/client'
import type { HostState, Network } from '@overpost/devnet/network'
import type { IdentityKey } from '@overpost/protocol'
import { collect } from '../collect.ts'
import { eventually } from './eventually.ts'
import { StoryError, type Story } from './story.ts'

export const box = 'inbox'

/** Everybody and everything in the demo. */
export interface Cast {
  readonly story: Story
  readonly network: Network
  readonly signal: AbortSignal
  readonly alice: IdentityWallet
  readonly bob: IdentityWallet
  readonly carol: IdentityWallet
  /** Forges and replays. */
  readonly mallory: IdentityWallet
}

export function castOf(parts: Pick<Cast, 'story' | 'network' | 'signal'>): Cast {
  return { ...parts, alice: somebody(), bob: somebody(), carol: somebody(), mallory: somebody() }
}

export function hostNamed({ network }: Pick<Cast, 'network'>, name: string): HostState {
  const host = network.state().hosts.find((candidate) => candidate.name === name)
  if (host === undefined) throw new StoryError(`there is no host ${name}`)
  return host
}

/** Somebody's client at a host, pinned to the host's key. */
export function clientAt(
  cast: Pick<Cast, 'network'>,
  wallet: IdentityWallet,
  name: string,
  transport: Transport = fetchTransport(),
): MessageBoxClient {
  const { url, identityKey } = hostNamed(cast, name)
  const verifier = nativeSignatureVerifier()
  return new MessageBoxClient({
    wallet,
    host: url,
    expectedHostKey: identityKey,
    timeoutMs: 10_000,
    transport,
    verifier,
  })
}

/** What waits for somebody at a host, every envelope verified here. */
export function inboxOf(cast: Cast, wallet: IdentityWallet, name: string): Promise<ListedMessage[]> {
  return collect(clientAt(cast, wallet, name).listAll({ box, withEnvelope: true, signal: cast.signal }))
}

/** The hosts of a user, as this program finds and verifies them itself. */
export function lookUp({ network, signal }: Cast, user: IdentityKey): Promise<FoundHosts> {
  const { overlays, chain } = network.state()
  return findHosts({
    user,
    overlays: overlays.map(({ url }) => url),
    chainTracker: headerServiceTracker(chain.url),
    verifier: nativeSignatureVerifier(),
    allowHttp: true,
    timeoutMs: 5000,
    signal,
  })
}

/** Waits until exactly these hosts are found, by every node that runs, with tokens that are mined. */
export function untilHostsAre(cast: Cast, user: IdentityKey, names: readonly string[]): Promise<FoundHosts> {
  const wanted = names.map((name) => hostNamed(cast, name).identityKey).sort()
  return eventually(`the overlay to name ${names.join(' and ')}`, cast, async () => {
    const found = await lookUp(cast, user)
    const keys = found.hosts.map(({ hostKey }) => hostKey).sort()
    const isMined = found.hosts.every(({ height }) => height !== null)
    return isMined && keys.join() === wanted.join() ? found : null
  })
}

function somebody(): IdentityWallet {
  return new IdentityWallet(randomBytes(32).toString('hex'))
}
