import type { NotedLog } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'
import type { ResendRows } from '../outbox/resend-rows.ts'
import type { MemoryOutgoing } from './memory-outgoing.ts'

/** What goes again to other hosts. A store in memory is never restored: nobody is to hear of it. */
export function memoryResendRows(outgoing: MemoryOutgoing): ResendRows {
  const logs = new Map<IdentityKey, { readonly log: string; readonly anewAtMs: number | null }>()
  const resending: IdentityKey[] = []
  return {
    noteLog(hostKey, log, { isAsked, nowMs, leastMs }) {
      const known = logs.get(hostKey)
      const note = (): NotedLog => {
        if (known?.log === log) return 'same'
        if (!outgoing.isKnown(hostKey)) return 'first'
        const anewAtMs = known?.anewAtMs ?? null
        if (anewAtMs !== null && Math.abs(nowMs - anewAtMs) < leastMs) return 'soon'
        const isAnew = known !== undefined || isAsked
        logs.set(hostKey, { log, anewAtMs: isAnew ? nowMs : null })
        if (isAnew) resending.push(hostKey)
        return isAnew ? 'anew' : 'first'
      }
      return Promise.resolve(note())
    },
    resendSome(nowMs) {
      const hostKey = resending.shift()
      const destinations = hostKey === undefined ? [] : outgoing.resend(hostKey, nowMs)
      const isMoreLeft = hostKey !== undefined
      return Promise.resolve({ parcels: destinations.length, destinations, isMoreLeft })
    },
    dueNews: () => Promise.resolve([]),
    nextNewsAtMs: () => Promise.resolve(null),
    finishNews: () => Promise.resolve(),
  }
}
