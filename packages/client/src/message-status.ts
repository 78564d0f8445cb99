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
export interface MessageStatus extends Omit<StatusJson, 'destinations' | 'receipt'> {
  /** What this host itself signed, of a message that is in its recipient's box there: checked here. */
  readonly receipt?: CustodyReceiptJson
  readonly destinations?: readonly StatusDestination[]
}

interface Known {
  readonly sender: IdentityKey
  /** The host that answers. */
  readonly originHost: IdentityKey | null
  readonly verifier: SignatureVerifier
}

/** The same with every receipt checked and made complete; one that does not hold is left out. */
export function readMessageStatus({ destinations, receipt: own, ...named }: StatusJson, known: Known): MessageStatus {
  const status = isOwnReceipt(own, named, known) ? { ...named, receipt: own } : named
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

/** Whether the host that answers signed that it has this very message. */
function isOwnReceipt(
  json: unknown,
  { recipient, messageBox, messageId }: StatusJson,
  { sender, originHost, verifier }: Known,
): json is CustodyReceiptJson {
  const verified = json === undefined ? { fault: 'none' } : verifyCustodyReceipt(json, verifier)
  if ('fault' in verified) return false
  const { receipt } = verified
  return (
    receipt.host.identityKey === originHost &&
    receipt.sender === sender &&
    receipt.recipient === recipient &&
    receipt.box === messageBox &&
    receipt.messageId === messageId
  )
}
