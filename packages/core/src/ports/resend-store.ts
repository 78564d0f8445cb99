import type { IdentityKey } from '@overpost/protocol'
import type { Destination } from '../message.ts'

/** A host that is to be told that the log here began anew. */
export interface LogNews {
  readonly id: number
  readonly destination: Destination
  /** When this store was first started from a backup, Unix milliseconds. */
  readonly sinceMs: number
  readonly attempts: number
}

/**
 * What becomes of a name: `same`: known already. `first`: it is the first of that host, or nothing was ever sent there. `anew`:
 * that host's log began anew, and what was delivered there goes again. `soon`: the one before was too lately noted; nothing was changed.
 */
export type NotedLog = 'same' | 'first' | 'anew' | 'soon'

/**
 * What other hosts' logs are called, and what they get again when one begins anew (docs/specs/resend.md). Each call is atomic and
 * durable when it resolves.
 * @throws {RelayError} ERR_UNAVAILABLE when the disk fails; then nothing of the call was changed.
 */
export interface ResendStore {
  /**
   * Notes what a host's log is called now. `isAsked`: that host says that it lost something, so that a first name is one of a log
   * that began anew, too. A name within `leastMs` of the last that was `anew` is `soon`.
   */
  noteLog(
    hostKey: IdentityKey,
    log: string,
    by: { readonly isAsked: boolean; readonly nowMs: number; readonly leastMs: number },
  ): Promise<NotedLog>
  /**
   * Makes some of what was delivered to a host whose log began anew wait for it again, due at `nowMs`, under the same forward ids: all whose
   * bodies are still here. What becomes of it changes nothing of the message, whose end stands, with its receipt. Resolves to how many, and whether more
   * may be left.
   */
  resendSome(nowMs: number): Promise<{ readonly parcels: number; readonly isMoreLeft: boolean }>
  /** Hosts to be told now. All that this store ever sent to are to be, from the first start from a backup on. */
  dueNews(nowMs: number, limit: number): Promise<LogNews[]>
  /** When there is somebody to be told again; null: nobody is. */
  nextNewsAtMs(): Promise<number | null>
  /** Puts it off, one attempt more; null: it is done with. */
  finishNews(id: number, atMs: number | null): Promise<void>
}
