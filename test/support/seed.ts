import { createHash, randomBytes } from 'node:crypto'
import type { Random } from '@overpost/core'
import { seededRandom } from '@overpost/core/testing'

/** What all faults and messages of this run are drawn from: `SEED`, or a new one. Scenarios that fail name it. */
export const seed = Number(process.env['SEED'] ?? randomBytes(4).readUInt32BE())

/**
 * Draws of their own for one part of a run, so that they do not depend on what another part drew meanwhile. What is drawn is the
 * same each time for a seed; when real processes come to it is not.
 */
export function drawsFor(part: string): Random {
  return seededRandom(createHash('sha256').update(`${seed} ${part}`).digest().readUInt32BE())
}
