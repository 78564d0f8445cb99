import type { VerifiedEnvelope } from '@overpost/core'
import { forwardIdTimeMs, type ForwardId } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'

const ofEnvelopes = 0
const timeDigits = 16

/** A forward id of a host, or an envelope, that is good only once. Its time goes first, so that old ones are a range. */
export interface Memory {
  readonly madeAtMs: number
  readonly sourceId: number
  readonly key: Buffer
}

export function memoryOfForwardId(originId: number, forwardId: ForwardId): Memory {
  const madeAtMs = Math.min(forwardIdTimeMs(forwardId), Number.MAX_SAFE_INTEGER)
  return { madeAtMs, sourceId: originId, key: Buffer.from(forwardId.slice(timeDigits), 'hex') }
}

export function memoryOfEnvelope({ timestampMs, hash }: VerifiedEnvelope): Memory {
  return { madeAtMs: timestampMs, sourceId: ofEnvelopes, key: Buffer.from(hash, 'hex') }
}

export function isRemembered(context: WriterContext, { madeAtMs, sourceId, key }: Memory): boolean {
  const sql = 'SELECT 1 FROM remembered WHERE made_at_ms = ? AND source_id = ? AND key = ?'
  return context.sql(sql).get(madeAtMs, sourceId, key) !== undefined
}

export function remember(context: WriterContext, { madeAtMs, sourceId, key }: Memory): void {
  const sql = 'INSERT INTO remembered (made_at_ms, source_id, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
  context.sql(sql).run(madeAtMs, sourceId, key)
}
