import type { WriterContext } from '../writer-context.ts'

/** Keeps the state of a clean stop. */
export function saveSessionState(context: WriterContext, state: Uint8Array): void {
  context.sql('INSERT OR REPLACE INTO session_state (id, state) VALUES (1, ?)').run(Buffer.from(state))
}
