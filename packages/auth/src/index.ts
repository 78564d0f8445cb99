export { IdentityWallet, type Counterparty } from './identity-wallet.ts'
export { nativeSignatureVerifier } from './native-verifier.ts'
