import { randomBytes } from 'node:crypto'
import { ReplayWindow, type ReplayLimits } from './replay-window.ts'

/** Where a host leaves its sessions at a clean stop. */
export interface SessionStateStore {
  /** What was saved last, which is forgotten, durably, before this resolves: it must never be had twice. */
  take(): Promise<Uint8Array | null>
  save(state: Uint8Array): Promise<void>
}

/** What makes the sessions of a host: lost in a crash, and they end with it. */
export interface SessionState {
  /** Names a line of starts and clean stops. 16 random bytes, from which the sealing key is made. */
  readonly epoch: Uint8Array
  /** How long this epoch has lasted, in seconds, time between stop and start left out. */
  readonly elapsedS: number
  readonly window: ReplayWindow
}

const magic = Buffer.from('overpost sessions 1\n', 'latin1')
const epochBytes = 16

export function newSessionState(limits: ReplayLimits): SessionState {
  return { epoch: randomBytes(epochBytes), elapsedS: 0, window: new ReplayWindow(limits) }
}

export function encodeSessionState({ epoch, elapsedS, window }: SessionState): Buffer {
  const time = Buffer.alloc(4)
  time.writeUInt32BE(elapsedS)
  return Buffer.concat([magic, epoch, time, window.save()])
}

/** Null when `saved` is not what {@link encodeSessionState} made: then a new epoch has to begin. */
export function decodeSessionState(saved: Uint8Array, limits: ReplayLimits): SessionState | null {
  const bytes = Buffer.from(saved.buffer, saved.byteOffset, saved.byteLength)
  if (!bytes.subarray(0, magic.length).equals(magic)) return null
  const at = magic.length + epochBytes
  try {
    const window = ReplayWindow.restore(bytes.subarray(at + 4), limits)
    return { epoch: Uint8Array.from(bytes.subarray(magic.length, at)), elapsedS: bytes.readUInt32BE(at), window }
  } catch (error) {
    if (error instanceof RangeError) return null
    throw error
  }
}
