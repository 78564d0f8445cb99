export { testAuthority, type TestAuthority } from './certificates.ts'
export { countConnects, countingListeners, type CountingListeners } from './connection-count.ts'
export { dnsResponder, type DnsResponder } from './dns-responder.ts'
export {
  forgeryFromKey,
  forgeryFromSignature,
  isTakenByBareCheck,
  type LinkageForgery,
} from './linkage-forgeries.ts'
export { SeededRandom } from './seeded-random.ts'
export { signedSend, type SignedSendParts } from './signed-send.ts'
export { testServer, type TestServer } from './test-server.ts'
