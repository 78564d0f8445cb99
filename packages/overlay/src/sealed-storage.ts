import type { Storage } from '@bsv/overlay'
import { ReadableStorage } from './admission.ts'

/** The storage of an engine that answers questions: whatever writes must go through an admission. */
export class SealedStorage extends ReadableStorage implements Storage {
  insertOutput = refuse
  deleteOutput = refuse
  markUTXOAsSpent = refuse
  updateConsumedBy = refuse
  updateTransactionBEEF = refuse
  insertAppliedTransaction = refuse
}

function refuse(): Promise<void> {
  return Promise.reject(new Error('transactions are taken in by OverlayEngine.submit only'))
}
