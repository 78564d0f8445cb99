import type { VerifiedEnvelope } from '@overpost/core'
import type { ForwardId } from '@overpost/protocol'
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
  const madeAtMs = Math.min(Number.parseInt(forwardId.slice(0, timeDigits), 16), Number.MAX_SAFE_INTEGER)
  return { madeAtMs, sourceId: originId, key: Buffer.from(forwardId.slice(timeDigits), 'hex') }
}

export function memoryOfEnvelope({ timestampMs, hash }: VerifiedEnvelope): Memory {
  return { madeAtMs: timestampMs, sourceId: ofEnvelopes, key: Buffer.from(hash, 'hex') }
}

/** False when it was remembered before. */
export function remember(context: WriterContext, { madeAtMs, sourceId, key }: Memory): boolean {
  const sql = 'INSERT INTO remembered (made_at_ms, source_id, key) VALUES (?, ?, ?) ON CONFLICT DO NOTHING'
  return context.sql(sql).run(madeAtMs, sourceId, key).changes > 0
}

/** Takes back what {@link remember} just added. */
export function unremember(context: WriterContext, { madeAtMs, sourceId, key }: Memory): void {
  const sql = 'DELETE FROM remembered WHERE made_at_ms = ? AND source_id = ? AND key = ?'
  context.sql(sql).run(madeAtMs, sourceId, key)
}
