import { LockingScript, Script } from '@bsv/sdk'

/** Reads a locking script; the SDK's own readers make a plain `Script`. */
export function toLockingScript(bytes: ArrayLike<number>): LockingScript {
  return new LockingScript(Script.fromBinary(Array.from(bytes)).chunks)
}
