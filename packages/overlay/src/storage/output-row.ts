import { numbersOf } from '@overpost/protocol'
import type { Output } from '@bsv/overlay'

/** A row of `outputs` joined with its transaction. */
export interface OutputRow {
  readonly topic: string
  readonly txid: string
  readonly vout: number
  readonly script: Uint8Array
  readonly satoshis: number
  readonly score: number
  readonly spent: number
  readonly outputs_consumed: string
  readonly consumed_by: string
  readonly height: number | null
  readonly beef?: Uint8Array
}

/** In the Engine's form. */
export function toOutput(row: OutputRow): Output {
  return {
    topic: row.topic,
    txid: row.txid,
    outputIndex: row.vout,
    outputScript: numbersOf(row.script),
    satoshis: row.satoshis,
    score: row.score,
    spent: row.spent === 1,
    outputsConsumed: JSON.parse(row.outputs_consumed) as Output['outputsConsumed'],
    consumedBy: JSON.parse(row.consumed_by) as Output['consumedBy'],
    ...(row.height === null ? {} : { blockHeight: row.height }),
    ...(row.beef === undefined ? {} : { beef: numbersOf(row.beef) }),
  }
}
