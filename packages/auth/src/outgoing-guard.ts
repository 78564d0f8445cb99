import { Resolver } from 'node:dns/promises'
import { isIP, type BlockList, type LookupFunction } from 'node:net'
import { parseUrl } from '@overpost/protocol'
import { isIn, networks, refusedKind } from './outgoing-guard-addresses.ts'
import { isBadPort } from './outgoing-guard-ports.ts'

/** Which addresses that others chose may be called. */
export interface OutgoingPolicy {
  /** Lets `http://` and addresses of this machine through; no others more. Never where others can reach it. */
  readonly development: boolean
  /** What is let through for one host name, as it stands in URLs, although it is refused otherwise. */
  readonly exceptions?: readonly OutgoingException[]
}

export interface OutgoingException {
  readonly name: string
  /** Such as `10.1.0.0/16`. */
  readonly network: string
}

/** All addresses of a host name. Rejects, or gives none, when there is none. */
export interface ResolveAddresses {
  (name: string): Promise<readonly string[]>
  /** Gives up what is being asked, which would keep the process from its end. */
  readonly cancel?: () => void
}

/** A call that was not made, because of its address. Nothing was connected to; trying again as it is will not help. */
export class OutgoingRefused extends Error {
  constructor(reason: string) {
    super(`The address is not called: ${reason}`)
    this.name = 'OutgoingRefused'
  }
}

/** Where a request goes, once it may. */
export interface OutgoingTarget {
  readonly protocol: 'http:' | 'https:'
  /** A name, or a literal address without brackets. */
  readonly hostname: string
  readonly port: number
  readonly path: string
}

/** Decides which addresses are called; see {@link outgoingGuard}. */
export interface OutgoingGuard {
  /** @throws {OutgoingRefused} for whatever the text of a URL shows, literal addresses included */
  admit(url: string): OutgoingTarget
  /** For the agents that connect: gives a name's addresses, all of them checked, so that what was checked is connected to. */
  lookup(protocol: OutgoingTarget['protocol']): LookupFunction
}

const mostAddresses = 8
const loopback = networks('127.0.0.0/8', '::1/128')

/**
 * The guard of calls to addresses that others chose. A URL is read once, by the URL standard's parser, which gives each
 * spelling of an IPv4 address its one form; what is left is a literal address, checked by {@link OutgoingGuard.admit}, or a name, whose
 * addresses the agent asks of {@link OutgoingGuard.lookup} for each new connection. One refused address refuses the name.
 */
export function outgoingGuard(policy: OutgoingPolicy, resolve: ResolveAddresses = dnsAddresses()): OutgoingGuard {
  const exceptions = byName(policy.exceptions ?? [])

  const check = (protocol: OutgoingTarget['protocol'], name: string, address: string): void => {
    if (exceptions.get(name)?.some((set) => isIP(address) !== 0 && isIn(set, address)) === true) return
    if (policy.development && isIP(address) !== 0 && isIn(loopback, address)) return
    const kind = refusedKind(address)
    if (kind !== null) throw new OutgoingRefused(`${name} is at a ${kind} address`)
    if (protocol === 'http:') throw new OutgoingRefused('http:// is for this machine only')
  }

  const addressesOf = async (protocol: OutgoingTarget['protocol'], name: string): Promise<readonly string[]> => {
    // These are never asked of DNS (RFC 6761, section 6.3).
    const found = isLocalhost(name) ? ['127.0.0.1', '::1'] : await resolve(name)
    if (found.length === 0) throw new OutgoingRefused(`${name} has no address`)
    for (const address of found) check(protocol, name, address)
    return found.slice(0, mostAddresses)
  }

  return {
    admit(text) {
      const target = readUrl(text, policy)
      if (isIP(target.hostname) !== 0) check(target.protocol, target.hostname, target.hostname)
      return target
    },
    lookup: (protocol) => (name, options, callback) => {
      addressesOf(protocol, name).then(
        (found) => {
          const all = found.map((address) => ({ address, family: isIP(address) }))
          const [first = { address: '', family: 4 }] = all
          if (options.all === true) callback(null, all)
          else callback(null, first.address, first.family)
        },
        (error: unknown) => callback(error as Error, []),
      )
    },
  }
}

/**
 * Asks DNS for A and AAAA records, and nothing else: no hosts file and no search domains, as the names are of the outside
 * world, and no thread, of which Node has four, that a slow name server could hold.
 */
export function dnsAddresses(
  resolver: Pick<Resolver, 'resolve4' | 'resolve6' | 'cancel'> = new Resolver({ timeout: 3_000, tries: 2 }),
): ResolveAddresses {
  const resolve = async (name: string): Promise<string[]> => {
    const answers = await Promise.allSettled([resolver.resolve4(name), resolver.resolve6(name)])
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []))
    const [first] = answers
    if (found.length === 0 && first.status === 'rejected') throw first.reason
    return found
  }
  return Object.assign(resolve, { cancel: () => resolver.cancel() })
}

function readUrl(text: string, { development }: OutgoingPolicy): OutgoingTarget {
  const url = parseUrl(text)
  if (url === null) throw new OutgoingRefused('it is not a URL')
  const { protocol, hostname: written, port: digits, pathname, search, username, password } = url
  if (protocol !== 'https:' && !(development && protocol === 'http:')) {
    throw new OutgoingRefused(`${protocol} is not called`)
  }
  if (username !== '' || password !== '') throw new OutgoingRefused('it holds credentials')
  const port = digits === '' ? (protocol === 'https:' ? 443 : 80) : Number(digits)
  if (isBadPort(port)) throw new OutgoingRefused(`port ${port} is not for HTTP`)
  const hostname = written.startsWith('[') ? written.slice(1, -1) : written.replace(/\.$/, '')
  if (isIP(hostname) === 0 && !isHostName(hostname)) throw new OutgoingRefused('its host is neither name nor address')
  return { protocol, hostname, port, path: pathname + search }
}

/** Letters, digits, hyphens, as host names have them (RFC 1123), and underscores; the URL standard takes more. */
function isHostName(text: string): boolean {
  return text.length <= 253 && text.split('.').every((label) => /^(?!-)[a-z0-9_-]{1,63}(?<!-)$/.test(label))
}

function isLocalhost(name: string): boolean {
  return name === 'localhost' || name.endsWith('.localhost')
}

function byName(exceptions: readonly OutgoingException[]): ReadonlyMap<string, BlockList[]> {
  const sets = new Map<string, BlockList[]>()
  for (const { name, network } of exceptions) sets.set(name, [...(sets.get(name) ?? []), networks(network)])
  return sets
}
