import { walletSigner, type SessionWallet } from './session-signer.ts'
import { SignedSession, type SessionTarget } from './signed-session.ts'

/** A session on a BRC-100 wallet, for apps. Safe in browsers. */
export class ClientSession extends SignedSession {
  constructor({ wallet, ...target }: SessionTarget & { readonly wallet: SessionWallet }) {
    super(walletSigner(wallet), target)
  }
}
