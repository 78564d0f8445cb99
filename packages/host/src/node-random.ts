import { randomBytes } from 'node:crypto'
import type { Random } from '@overpost/core'

const poolBytes = 4096
let pool = Buffer.alloc(0)
let taken = 0

/** The machine's randomness. Bytes come from a pool, since each call for them costs microseconds. */
export const nodeRandom: Random = {
  fraction: () => Math.random(),
  hex(length) {
    if (length > poolBytes) return randomBytes(length).toString('hex')
    if (taken + length > pool.length) {
      pool = randomBytes(poolBytes)
      taken = 0
    }
    taken += length
    return pool.toString('hex', taken - length, taken)
  },
}
