/** Where authentication keeps its epoch and replay window from a clean stop to the next start (design section 4). */
export interface SessionStateStore {
  /** The state of the last clean stop, which is then durably forgotten: a crash afterwards finds null, and old sessions end. */
  take(): Promise<Uint8Array | null>
  save(state: Uint8Array): Promise<void>
}
