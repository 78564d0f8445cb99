import type { Transport } from '@overpost/auth'

/** As a proxy tells a host that trusts it: these requests came from `address`. */
export function fromAddress(transport: Transport, address: string): Transport {
  return (request) => transport({ ...request, headers: { ...request.headers, 'x-forwarded-for': address } })
}
