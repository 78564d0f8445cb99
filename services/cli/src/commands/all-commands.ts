import type { AnyCommand } from '../command.ts'
import { ack } from './ack.ts'
import { authorize } from './authorize.ts'
import { backup } from './backup.ts'
import { chainStart } from './chain-start.ts'
import { check } from './check.ts'
import { devicesAdd, devicesList, devicesRemove } from './devices.ts'
import { demo } from './demo.ts'
import { hostStart } from './host-start.ts'
import { hostKeys } from './host-keys.ts'
import { hosts } from './hosts.ts'
import { identities } from './identities.ts'
import { keygen } from './keygen.ts'
import { list } from './list.ts'
import { listen } from './listen.ts'
import { lookup } from './lookup.ts'
import { networkRestart } from './network-restart.ts'
import { networkStatus } from './network-status.ts'
import { network } from './network.ts'
import { move } from './move.ts'
import { overlayStart } from './overlay-start.ts'
import { peers } from './peers.ts'
import { permissionsGet, permissionsList, permissionsQuote, permissionsSet } from './permissions.ts'
import { queueBounce, queueHold, queuePurge, queueRelease, queueRetry } from './queue-change.ts'
import { queueList } from './queue-list.ts'
import { queueShow } from './queue-show.ts'
import { receiptVerify } from './receipt-verify.ts'
import { restore } from './restore.ts'
import { revoke } from './revoke.ts'
import { allow, deny, rules } from './rules.ts'
import { send } from './send.ts'
import { status } from './status.ts'
import { withdraw } from './withdraw.ts'

/** Every command, in the order of the help. */
export const allCommands: readonly AnyCommand[] = [
  keygen,
  authorize,
  revoke,
  withdraw,
  move,
  send,
  status,
  list,
  listen,
  ack,
  permissionsSet,
  permissionsGet,
  permissionsList,
  permissionsQuote,
  devicesList,
  devicesAdd,
  devicesRemove,
  receiptVerify,
  lookup,
  hosts,
  queueList,
  queueShow,
  queueRetry,
  queueHold,
  queueRelease,
  queueBounce,
  queuePurge,
  peers,
  identities,
  allow,
  deny,
  rules,
  hostKeys,
  hostStart,
  backup,
  restore,
  check,
  overlayStart,
  chainStart,
  network,
  networkStatus,
  networkRestart,
  demo,
]
