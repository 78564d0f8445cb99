import type { WalletInterface } from '@bsv/sdk'
import type { MessageStatus } from '@overpost/core'
import {
  custodyLeaf,
  custodyProof,
  custodyReceiptToJson,
  ownForwardId,
  proveCustody,
  signCustody,
  type CustodyReceiptJson,
  type HostOrigin,
  type IdentityKey,
  type SignatureVerifier,
} from '@overpost/protocol'

export interface OwnReceiptsDeps {
  readonly wallet: Pick<WalletInterface, 'createSignature'>
  readonly verifier: SignatureVerifier
  readonly self: { readonly hostKey: IdentityKey; readonly origin: HostOrigin }
}

/**
 * This host's own custody receipts, by handle, of those messages that are in a box here now: made when somebody asks, under one
 * signature, and kept nowhere (docs/specs/custody-receipt.md, "Of what is here").
 */
export async function ownReceipts(
  statuses: readonly MessageStatus[],
  { wallet, verifier, self }: OwnReceiptsDeps,
): Promise<ReadonlyMap<string, CustodyReceiptJson>> {
  const here = statuses.flatMap((status) => {
    if (status.kind !== 'record' || status.record.bodyHash === null) return []
    const { recipient, box, sender, messageId, bodyHash, acceptedAtMs } = status.record
    const forwardId = ownForwardId(status.handle, acceptedAtMs, verifier)
    const message = { originHost: self.hostKey, forwardId, recipient, box, sender, messageId, bodyHash }
    const custody = { storedAtMs: acceptedAtMs, leaf: custodyLeaf(message, acceptedAtMs, verifier) }
    return [{ handle: status.handle, message, custody }]
  })
  if (here.length === 0) return new Map()
  const leaves = here.map(({ custody }) => custody.leaf)
  const places = proveCustody(here, await signCustody(wallet, leaves, verifier), { hostKey: self.hostKey, verifier })
  const host = { identityKey: self.hostKey, origin: self.origin }
  return new Map(
    here.flatMap(({ handle, message }, index) => {
      const place = places[index] ?? null
      if (place === null) return []
      return [[handle, custodyReceiptToJson({ ...message, host, proof: custodyProof(place, verifier) })] as const]
    }),
  )
}
