import type { Broadcaster, BroadcastFailure, BroadcastResponse, Transaction } from '@bsv/sdk'
import { RelayError } from '@overpost/protocol'

/** HTTP statuses with which ARC says that the transaction itself is not acceptable. */
const refusals = new Set(['400', '409', '422', ...Array.from({ length: 16 }, (_, index) => String(460 + index))])

/**
 * Hands a transaction to the network. Resolves when the network took it.
 * @throws {RelayError} ERR_INVALID_PARAMETERS when it refuses the transaction, ERR_UNAVAILABLE when it cannot be asked
 */
export async function broadcastOrThrow(broadcaster: Broadcaster, transaction: Transaction): Promise<BroadcastResponse> {
  const answer = await broadcaster.broadcast(transaction)
  if (answer.status === 'success') return answer
  const cause = new Error(`${answer.code}: ${answer.description}`)
  if (isRefusal(answer)) {
    throw new RelayError('ERR_INVALID_PARAMETERS', 'The network does not take the transaction.', { cause })
  }
  throw new RelayError('ERR_UNAVAILABLE', 'The transaction cannot be broadcast right now; try again.', { cause })
}

/** A status in words (`REJECTED`) is the network's verdict; a number may be a fault of ours or of the way there. */
function isRefusal({ code }: BroadcastFailure): boolean {
  return refusals.has(code) || (!/^\d+$/.test(code) && code !== 'ERR_UNKNOWN')
}
