import type { VerifiedEnvelope } from '@overpost/core'
import type { Custody, ForwardId } from '@overpost/protocol'
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

/** With a forward id: what can be signed for it. False when it was remembered before, and then nothing changes. */
export function remember(context: WriterContext, memory: Memory, custody: Custody | null = null): boolean {
  const { madeAtMs, sourceId, key } = memory
  const leaf = custody === null ? null : Buffer.from(custody.leaf, 'hex')
  const sql = `INSERT INTO remembered (made_at_ms, source_id, key, leaf, stored_at_ms)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
  return context.sql(sql).run(madeAtMs, sourceId, key, leaf, custody?.storedAtMs ?? null).changes > 0
}

/** What can be signed for a forward id; null: nothing. */
export function findCustody(context: WriterContext, { madeAtMs, sourceId, key }: Memory): Custody | null {
  const sql = 'SELECT leaf, stored_at_ms FROM remembered WHERE made_at_ms = ? AND source_id = ? AND key = ?'
  const [leaf, storedAtMs] = context.sql<[Buffer | null, number | null]>(sql).get(madeAtMs, sourceId, key) ?? []
  return leaf == null || storedAtMs == null ? null : { leaf: leaf.toString('hex'), storedAtMs }
}

/** There is nothing to sign for that forward id. */
export function forgetCustody(context: WriterContext, { madeAtMs, sourceId, key }: Memory): void {
  const sql = `UPDATE remembered SET leaf = NULL, stored_at_ms = NULL
    WHERE made_at_ms = ? AND source_id = ? AND key = ?`
  context.sql(sql).run(madeAtMs, sourceId, key)
}

export function isRemembered(context: WriterContext, { madeAtMs, sourceId, key }: Memory): boolean {
  const sql = 'SELECT 1 FROM remembered WHERE made_at_ms = ? AND source_id = ? AND key = ?'
  return context.sql(sql).get(madeAtMs, sourceId, key) !== undefined
}

/** Takes back what {@link remember} just added. */
export function unremember(context: WriterContext, { madeAtMs, sourceId, key }: Memory): void {
  const sql = 'DELETE FROM remembered WHERE made_at_ms = ? AND source_id = ? AND key = ?'
  context.sql(sql).run(madeAtMs, sourceId, key)
}

/** False when the request with that hash, which names its recipient too, was remembered before. */
export function rememberRequest(context: WriterContext, hash: string, receivedAtMs: number): boolean {
  const sql = 'INSERT INTO remembered_requests (hash, received_at_ms) VALUES (?, ?) ON CONFLICT DO NOTHING'
  return context.sql(sql).run(Buffer.from(hash, 'hex'), receivedAtMs).changes > 0
}

/** Takes back what {@link rememberRequest} just added. */
export function unrememberRequest(context: WriterContext, hash: string): void {
  context.sql('DELETE FROM remembered_requests WHERE hash = ?').run(Buffer.from(hash, 'hex'))
}
