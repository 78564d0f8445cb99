import type { WalletInterface } from '@bsv/sdk'
import { phipWithdrawalKey, walletKey } from './names.ts'
import type { IdentityKey } from './scalars.ts'
import type { SignatureVerifier } from './signature-verifier.ts'

/** What a user takes back: every permission that they gave to this host, or to all hosts, before `atMs` (phip.md section 10). */
export interface Withdrawal {
  readonly userKey: IdentityKey
  readonly hostKey: IdentityKey | 'ALL'
  /** Unix milliseconds. */
  readonly atMs: number
}

/** {@link Withdrawal} with the user's signature over {@link withdrawalText}, in DER. */
export interface SignedWithdrawal extends Withdrawal {
  readonly signature: Uint8Array
}

const encoder = new TextEncoder()

/** What the user signs: `<user key> withdraws <host key or ALL> <atMs>`. */
export function withdrawalText({ userKey, hostKey, atMs }: Withdrawal): string {
  return `${userKey} withdraws ${hostKey} ${atMs}`
}

/** Whether the user signed it. Says nothing of its time. */
export function verifyWithdrawal(withdrawal: SignedWithdrawal, verifier: SignatureVerifier): boolean {
  const { userKey, signature } = withdrawal
  return verifier.verify(userKey, phipWithdrawalKey, encoder.encode(withdrawalText(withdrawal)), signature)
}

/** Signs `terms` with the wallet of `terms.userKey`. @throws {RangeError} when `atMs` is no whole number of milliseconds */
export async function signWithdrawal(
  wallet: Pick<WalletInterface, 'createSignature'>,
  terms: Withdrawal,
): Promise<SignedWithdrawal> {
  if (!Number.isSafeInteger(terms.atMs) || terms.atMs < 0) throw new RangeError('atMs must be Unix milliseconds')
  const { signature } = await wallet.createSignature({
    ...walletKey(phipWithdrawalKey),
    counterparty: 'anyone',
    data: Array.from(encoder.encode(withdrawalText(terms))),
  })
  return { ...terms, signature: Uint8Array.from(signature) }
}
