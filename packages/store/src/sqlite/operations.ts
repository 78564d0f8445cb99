import { acceptHostKey } from './operations/accept-host-key.ts'
import { acceptPlacements } from './operations/accept-placements.ts'
import { acknowledgeMessages } from './operations/acknowledge-messages.ts'
import { expireOutgoing } from './operations/expire-outgoing.ts'
import { changeQueued } from './operations/change-queued.ts'
import { addSpending } from './operations/add-spending.ts'
import { beginHandover } from './operations/begin-handover.ts'
import { finishHandover } from './operations/finish-handover.ts'
import { noteDevices, registerDevice, removeDevice } from './operations/devices.ts'
import { finishParcels } from './operations/finish-parcels.ts'
import { finishUnrouted } from './operations/finish-unrouted.ts'
import { forgetMemories } from './operations/forget-memories.ts'
import { markListed } from './operations/mark-listed.ts'
import { noteHostKey } from './operations/note-host-key.ts'
import { notePublished } from './operations/note-published.ts'
import { finishPassage, putPassage, wakePassages } from './operations/passages.ts'
import { pruneBox } from './operations/prune-box.ts'
import { noteDelays } from './operations/note-delays.ts'
import { pruneSettled } from './operations/prune-settled.ts'
import { putAuthorization } from './operations/put-authorization.ts'
import { putDeliveryRule } from './operations/put-delivery-rule.ts'
import { putProofPolicy } from './operations/put-proof-policy.ts'
import { putWithdrawal } from './operations/put-withdrawal.ts'
import { probe } from './operations/probe.ts'
import { receiveArrivals } from './operations/receive-arrivals.ts'
import { finishLogNews, noteHostLog, resendDelivered } from './operations/resend-delivered.ts'
import { removeMoved } from './operations/remove-moved.ts'
import { returnMessages } from './operations/return-messages.ts'
import { revokeAuthorization } from './operations/revoke-authorization.ts'
import { saveSessionState } from './operations/save-session-state.ts'
import { setOperatorRule } from './operations/set-operator-rule.ts'
import { acknowledgeElsewhere, markElsewhere } from './operations/sync-acknowledgements.ts'
import { takeSessionState } from './operations/take-session-state.ts'

/**
 * All that is ever written, by name: synchronous functions over the writer's connection, run inside a transaction. They
 * throw only when the disk fails or a program is wrong; inputs and results can be cloned to another thread.
 */
export const operations = {
  acceptHostKey,
  acceptPlacements,
  acknowledgeElsewhere,
  acknowledgeMessages,
  expireOutgoing,
  changeQueued,
  addSpending,
  beginHandover,
  finishHandover,
  finishLogNews,
  finishParcels,
  finishPassage,
  finishUnrouted,
  forgetMemories,
  markElsewhere,
  markListed,
  noteHostKey,
  noteHostLog,
  noteDevices,
  notePublished,
  pruneBox,
  noteDelays,
  pruneSettled,
  putAuthorization,
  putDeliveryRule,
  putPassage,
  putProofPolicy,
  putWithdrawal,
  probe,
  receiveArrivals,
  removeMoved,
  resendDelivered,
  returnMessages,
  registerDevice,
  removeDevice,
  revokeAuthorization,
  saveSessionState,
  setOperatorRule,
  takeSessionState,
  wakePassages,
}

export type OperationName = keyof typeof operations
export type Input<Name extends OperationName> = Parameters<(typeof operations)[Name]>[1]
export type Output<Name extends OperationName> = ReturnType<(typeof operations)[Name]>

/** What brings something in. All the rest makes room or changes what is there, and goes on while there is too little room. */
export const growing: ReadonlySet<OperationName> = new Set<OperationName>([
  'acceptPlacements',
  'receiveArrivals',
  'putAuthorization',
  'putProofPolicy',
  'putDeliveryRule',
  'putWithdrawal',
  'probe',
])
