import { custodyMessage, type Destination, type Parcel } from '@overpost/core'
import { proveCustody, type CustodyPlace, type IdentityKey, type SignatureVerifier } from '@overpost/protocol'

export interface ReadReceiptsDeps {
  readonly wallet: { readonly identityKey: IdentityKey }
  readonly verifier: SignatureVerifier
  /** A host says that it signed for messages, and what it shows does not hold. */
  readonly receiptsInvalid: (event: { destination: Destination; receipts: number }) => void
}

/**
 * What a host's answer proves of the parcels that it took, in order; null where there is nothing, or nothing that holds. The
 * delivery counts all the same.
 */
export function readReceipts(
  destination: Destination,
  taken: readonly { readonly parcel: Parcel; readonly custody: unknown }[],
  signature: unknown,
  { wallet, verifier, receiptsInvalid }: ReadReceiptsDeps,
): (CustodyPlace | null)[] {
  const claimed = taken.filter(({ custody }) => custody !== undefined).length
  if (claimed === 0) return taken.map(() => null)
  const items = taken.map(({ parcel: { message, forwardId }, custody }) => {
    return { message: custodyMessage(message, { originHost: wallet.identityKey, forwardId }, verifier), custody }
  })
  const proofs = proveCustody(items, signature, { hostKey: destination.hostKey, verifier })
  const receipts = claimed - proofs.filter((proof) => proof !== null).length
  if (receipts > 0) receiptsInvalid({ destination, receipts })
  return proofs
}
