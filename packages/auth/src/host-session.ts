import type { IdentityWallet } from './identity-wallet.ts'
import type { SessionSigner } from './session-signer.ts'
import { SignedSession, type SessionTarget } from './signed-session.ts'

/** A session of one host with another: the same as a client's, signed and verified natively. */
export class HostSession extends SignedSession {
  constructor({ wallet, ...target }: SessionTarget & { readonly wallet: IdentityWallet }) {
    super(identitySigner(wallet), target)
  }
}

function identitySigner(wallet: IdentityWallet): SessionSigner {
  return {
    identityKey: () => wallet.identityKey,
    sign: (counterparty, key, data) => wallet.signFor(counterparty, key, data),
    verify: (counterparty, key, data, signature) => wallet.verifyFrom(counterparty, key, data, signature),
  }
}
