import type { WalletInterface } from '@bsv/sdk'
import { identityKeySchema, type IdentityKey, type KeyName } from '@overpost/protocol'

type MaybePromise<T> = T | Promise<T>

/** What a session needs of a wallet. Values at once or promises: a wallet in the same process need not wait a turn. */
export interface SessionSigner {
  identityKey(): MaybePromise<IdentityKey>
  /** DER, over the SHA-256 of `data`, with the key for `counterparty`. */
  sign(counterparty: IdentityKey, key: KeyName, data: Uint8Array): MaybePromise<Uint8Array>
  /** Whether `counterparty` signed `data` for this wallet. */
  verify(counterparty: IdentityKey, key: KeyName, data: Uint8Array, signature: Uint8Array): MaybePromise<boolean>
}

/** The part of a BRC-100 wallet that a session uses. */
export type SessionWallet = Pick<WalletInterface, 'getPublicKey' | 'createSignature' | 'verifySignature'>

/** A signer on a BRC-100 wallet, such as `WalletClient` or `ProtoWallet` of @bsv/sdk. */
export function walletSigner(wallet: SessionWallet): SessionSigner {
  let identityKey: Promise<IdentityKey> | null = null
  const names = ({ protocolID, keyID }: KeyName, counterparty: IdentityKey) => ({
    protocolID: [protocolID[0], protocolID[1]] as [0 | 1 | 2, string],
    keyID,
    counterparty,
  })
  return {
    async identityKey() {
      identityKey ??= wallet
        .getPublicKey({ identityKey: true })
        .then(({ publicKey }) => identityKeySchema.parse(publicKey))
      return await identityKey
    },
    async sign(counterparty, key, data) {
      const { signature } = await wallet.createSignature({ ...names(key, counterparty), data: Array.from(data) })
      return Uint8Array.from(signature)
    },
    async verify(counterparty, key, data, signature) {
      const args = { ...names(key, counterparty), data: Array.from(data), signature: Array.from(signature) }
      try {
        const { valid }: { valid: boolean } = await wallet.verifySignature(args)
        return valid
      } catch (error) {
        // Wallets of the SDK throw where others answer.
        if ((error as { code?: unknown } | null)?.code === 'ERR_INVALID_SIGNATURE') return false
        throw error
      }
    },
  }
}
