import type { WriterContext } from '../writer-context.ts'

/** The kept state, which is then gone; null when there is none. */
export function takeSessionState(context: WriterContext, _input: null): Uint8Array | null {
  const row = context.sql<[Buffer]>('DELETE FROM session_state RETURNING state').get()
  return row === undefined ? null : Uint8Array.from(row[0])
}
