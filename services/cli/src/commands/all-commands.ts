import type { AnyCommand } from '../command.ts'
import { ack } from './ack.ts'
import { authorize } from './authorize.ts'
import { chainStart } from './chain-start.ts'
import { demo } from './demo.ts'
import { hostStart } from './host-start.ts'
import { keygen } from './keygen.ts'
import { list } from './list.ts'
import { lookup } from './lookup.ts'
import { networkRestart } from './network-restart.ts'
import { networkStatus } from './network-status.ts'
import { network } from './network.ts'
import { overlayStart } from './overlay-start.ts'
import { revoke } from './revoke.ts'
import { send } from './send.ts'
import { withdraw } from './withdraw.ts'

/** Every command, in the order of the help. */
export const allCommands: readonly AnyCommand[] = [
  keygen,
  authorize,
  revoke,
  withdraw,
  send,
  list,
  ack,
  lookup,
  hostStart,
  overlayStart,
  chainStart,
  network,
  networkStatus,
  networkRestart,
  demo,
]
