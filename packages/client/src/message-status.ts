import {
  verifyCustodyReceipt,
  type CustodyReceiptJson,
  type IdentityKey,
  type MessageStatusAnswer,
  type SignatureVerifier,
} from '@overpost/protocol'

type StatusJson = MessageStatusAnswer['results'][number]
type DestinationJson = NonNullable<StatusJson['destinations']>[number]

/** Where a message goes or went. */
export interface StatusDestination extends Omit<DestinationJson, 'receipt'> {
  /** What that host signed when it took the message, checked here, and complete: it convinces anybody (docs/specs/custody-receipt.md). */
  readonly receipt?: CustodyReceiptJson
}

/** What became of one message, as the host says (docs/specs/message-status.md). */
export interface MessageStatus extends Omit<StatusJson, 'destinations'> {
  readonly destinations?: readonly StatusDestination[]
}

/** The same with every receipt checked and made complete; one that does not hold is left out. */
export function readMessageStatus(
  { destinations, ...status }: StatusJson,
  known: {
    readonly sender: IdentityKey
    readonly originHost: IdentityKey | null
    readonly verifier: SignatureVerifier
  },
): MessageStatus {
  if (destinations === undefined) return status
  return {
    ...status,
    destinations: destinations.map(({ receipt, ...destination }) => {
      if (receipt === undefined) return destination
      const { bodyHash, storedAtMs, index, leaves, path, signatureHex: signature } = receipt
      const { recipient, messageBox, messageId } = status
      const written = {
        ...{ type: 'custody-receipt', version: 1 },
        host: { identityKey: destination.hostKey, origin: destination.origin },
        ...{ originHost: known.originHost, forwardId: destination.forwardId, recipient, sender: known.sender },
        ...{ messageBox, messageId, bodyHash, storedAtMs, index, leaves, path, signature },
      }
      const holds = 'receipt' in verifyCustodyReceipt(written, known.verifier)
      // Its form was checked with it.
      return holds ? { ...destination, receipt: written as CustodyReceiptJson } : destination
    }),
  }
}
