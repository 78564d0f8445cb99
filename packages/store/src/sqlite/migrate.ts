import type { Db } from './database.ts'
import { createInitialTables } from './migrations/0001-initial.ts'
import { addSenderProofs } from './migrations/0002-sender-proofs.ts'
import { addDeliveryRules } from './migrations/0003-delivery-rules.ts'
import { addWithdrawals } from './migrations/0004-withdrawals.ts'
import { countUsage } from './migrations/0005-usage.ts'
import { addHostKeys } from './migrations/0006-host-keys.ts'
import { keepSettledMessages } from './migrations/0007-settled-messages.ts'
import { addOperatorRules } from './migrations/0008-operator-rules.ts'
import { addSpending } from './migrations/0009-spending.ts'
import { addHandovers } from './migrations/0010-handovers.ts'
import { addCustody } from './migrations/0011-custody.ts'
import { addDevices } from './migrations/0012-devices.ts'
import { addAcknowledgements } from './migrations/0013-acknowledgements.ts'
import { markBackups } from './migrations/0014-backups.ts'
import { notePruned } from './migrations/0015-pruned.ts'
import { addResends } from './migrations/0016-resends.ts'
import { keepContentsApart } from './migrations/0017-contents-apart.ts'
import { leaveSeekersUncounted } from './migrations/0018-uncounted-seekers.ts'
import { noteMoved } from './migrations/0019-moved-messages.ts'

/** In order; the schema version is how many of them were run. */
const migrations: readonly ((db: Db) => void)[] = [
  createInitialTables,
  addSenderProofs,
  addDeliveryRules,
  addWithdrawals,
  countUsage,
  addHostKeys,
  keepSettledMessages,
  addOperatorRules,
  addSpending,
  addHandovers,
  addCustody,
  addDevices,
  addAcknowledgements,
  markBackups,
  notePruned,
  addResends,
  keepContentsApart,
  leaveSeekersUncounted,
  noteMoved,
]

/**
 * Brings the tables up to date, each step in a transaction.
 * @throws {Error} when a newer program made them.
 */
export function migrate(db: Db): void {
  const version = db.pragma('user_version', { simple: true }) as number
  if (version > migrations.length) {
    throw new Error(
      `${db.name} has schema version ${version}, and this program knows ${migrations.length}: it was made by a newer one`,
    )
  }
  for (const [index, step] of migrations.entries()) {
    if (index < version) continue
    db.transaction(() => {
      step(db)
      db.pragma(`user_version = ${index + 1}`)
    }).immediate()
  }
}
