import { isIP } from 'node:net'

const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/**
 * What the addresses of one caller have in common: an IPv4 address as it is, of IPv6 the first 64 bits, since whoever has one
 * address there has all of those. What is no address is all the same.
 */
export function networkOf(address: string): string {
  if (isIP(address) === 4) return address
  if (isIP(address) === 0) return 'no address'
  const ipv4 = mapped.exec(address)?.[1]
  return ipv4 ?? `${firstGroups(address).join(':')}::/64`
}

/** The first four of an IPv6 address's eight groups, as short as they go. */
function firstGroups(address: string): string[] {
  const [head = '', tail = ''] = (address.split('%')[0] ?? '').split('::')
  const before = groupsOf(head)
  const after = groupsOf(tail)
  // An IPv4 address at the end stands for two groups.
  const zeros = Math.max(0, 8 - before.length - after.length - (tail.includes('.') ? 1 : 0))
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after]
  return groups.slice(0, 4).map((group) => Number.parseInt(group, 16).toString(16))
}

function groupsOf(part: string): string[] {
  return part === '' ? [] : part.split(':')
}
