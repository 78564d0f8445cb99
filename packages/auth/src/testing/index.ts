export { testAuthority, type TestAuthority } from './certificates.ts'
export { countConnects, countingListeners } from './connection-count.ts'
export { dnsResponder, type DnsResponder } from './dns-responder.ts'
