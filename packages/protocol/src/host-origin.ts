import { parseUrl } from './parse-url.ts'
import type { HostOrigin } from './scalars.ts'

/** `allowHttp` is for networks on one machine only: it lets `http:` through. */
export interface OriginPolicy {
  readonly allowHttp: boolean
}

const maxOriginCharacters = 262

/**
 * A host's origin, such as `https://relay.example` or `https://relay.example:8443`; null unless it is written exactly as the
 * URL standard writes origins: lower case, no default port, no path, no trailing slash, no user. Whether the name leads to a
 * public address is for whoever connects to check.
 */
export function parseHostOrigin(text: string, { allowHttp }: OriginPolicy): HostOrigin | null {
  const url = text.length > maxOriginCharacters ? null : parseUrl(text)
  if (url === null) return null
  const { protocol, hostname, origin } = url
  if (protocol !== 'https:' && !(allowHttp && protocol === 'http:')) return null
  if (hostname.endsWith('.') || origin !== text) return null
  return text as HostOrigin
}

/**
 * Where to connect for field 3 of a PHIP token: an origin as it is, and the bare domain of BRC-34 with `https://` before it
 * (phip.md section 5). Null for anything else.
 */
export function originForRouting(text: string, policy: OriginPolicy): HostOrigin | null {
  return parseHostOrigin(text.includes('://') ? text : `https://${text}`, policy)
}
