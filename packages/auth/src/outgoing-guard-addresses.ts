import { BlockList, isIP } from 'node:net'

/** Why an address is not called. `reserved` is whatever no public host can have. */
export type RefusedKind =
  | 'unspecified'
  | 'loopback'
  | 'private'
  | 'link-local'
  | 'shared (carrier NAT)'
  | 'unique-local'
  | 'multicast'
  | 'documentation'
  | 'benchmark'
  | 'tunnel'
  | 'platform'
  | 'reserved'

/** IANA's registries of special-purpose addresses (RFC 6890 and what updates it), multicast, and one cloud's exception. */
const refused4: readonly [RefusedKind, ...networks: string[]][] = [
  ['unspecified', '0.0.0.0/8'],
  ['loopback', '127.0.0.0/8'],
  ['private', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16'],
  ['link-local', '169.254.0.0/16'],
  ['shared (carrier NAT)', '100.64.0.0/10'],
  ['documentation', '192.0.2.0/24', '198.51.100.0/24', '203.0.113.0/24'],
  ['benchmark', '198.18.0.0/15'],
  ['multicast', '224.0.0.0/4'],
  // Looks public; on Azure it is the machine's own platform.
  ['platform', '168.63.129.16/32'],
  // Protocol assignments; AS112 and AMT, 6to4 relays; the former class E with broadcast.
  [
    'reserved',
    '192.0.0.0/24',
    '192.31.196.0/24',
    '192.52.193.0/24',
    '192.175.48.0/24',
    '192.88.99.0/24',
    '240.0.0.0/4',
  ],
]

const refused6: readonly [RefusedKind, ...networks: string[]][] = [
  ['unspecified', '::/128'],
  ['loopback', '::1/128'],
  ['link-local', 'fe80::/10'],
  ['unique-local', 'fc00::/7', 'fec0::/10'],
  ['multicast', 'ff00::/8'],
  ['documentation', '2001:db8::/32', '3fff::/20'],
  ['benchmark', '2001:2::/48'],
  // 6to4 and Teredo carry an IPv4 address; nobody serves there, so not even public ones are looked for in them.
  ['tunnel', '2002::/16', '2001::/32'],
  ['reserved', '2001::/23', '2620:4f:8000::/48'],
]

/** What IPv6 has given out to hosts, and NAT64, by which a network without IPv4 reaches public IPv4 addresses (RFC 6052). */
const nat64 = '64:ff9b::'
const given6 = networks('2000::/3', `${nat64}/96`)

const kinds = refused4.map(([kind, ...list]) => {
  // In NAT64 the same networks are refused. Mapped addresses (::ffff:a.b.c.d) are IPv4 ones to BlockList.
  const inNat64 = list.map((network) => {
    const [address = '', prefix = ''] = network.split('/')
    return `${nat64}${address}/${96 + Number(prefix)}`
  })
  return [kind, networks(...list, ...inNat64)] as const
})
const mapped = networks('::ffff:0:0/96')
const kinds6 = refused6.map(([kind, ...list]) => [kind, networks(...list)] as const)

/** A set of addresses, from networks such as `10.0.0.0/8`. @throws {Error} when one is not written so */
export function networks(...list: readonly string[]): BlockList {
  const set = new BlockList()
  for (const network of list) {
    const [address = '', prefix = ''] = network.split('/')
    if (isIP(address) === 0 || !/^\d{1,3}$/.test(prefix)) throw new TypeError(`${network} is not a network`)
    set.addSubnet(address, Number(prefix), isIP(address) === 4 ? 'ipv4' : 'ipv6')
  }
  return set
}

export function isIn(set: BlockList, address: string): boolean {
  return set.check(address, isIP(address) === 6 ? 'ipv6' : 'ipv4')
}

/**
 * Null when `address`, as {@link isIP} takes it, can be a public host's. IPv4 is refused by a list, IPv6 by what was not given
 * out, then by a list. An IPv4 address inside an IPv6 one counts as itself when it is mapped or behind NAT64; other such
 * forms are refused. Zone identifiers are never public.
 */
export function refusedKind(address: string): RefusedKind | null {
  const version = isIP(address)
  if (version === 0 || address.includes('%')) return 'reserved'
  for (const [kind, set] of kinds) if (isIn(set, address)) return kind
  if (version === 4 || isIn(mapped, address)) return null
  for (const [kind, set] of kinds6) if (isIn(set, address)) return kind
  return isIn(given6, address) ? null : 'reserved'
}
