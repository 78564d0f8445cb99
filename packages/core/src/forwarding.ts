import type { ForwardId } from '@overpost/protocol'
import type { Destination, Forwarding } from './message.ts'
import type { Random } from './ports/random.ts'

/** Names a new delivery to a host: 8 bytes of big-endian Unix ms, then 24 random bytes (phip.md section 5, dedup). */
export function forwardingTo(destination: Destination, nowMs: number, random: Random): Forwarding {
  const forwardId = (nowMs.toString(16).padStart(16, '0') + random.hex(24)) as ForwardId
  return { destination, forwardId }
}
