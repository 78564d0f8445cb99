export { testAuthority, type TestAuthority } from './certificates.ts'
export { countConnects, countingListeners, type CountingListeners } from './connection-count.ts'
export { dnsResponder, type DnsResponder } from './dns-responder.ts'
export { testServer, type TestServer } from './test-server.ts'
