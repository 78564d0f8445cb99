import type { Placement } from '@overpost/core'

/** @throws {RangeError} for a message that would be kept nowhere, or that both looks for a home and has one. */
export function checkPlacements(placements: readonly Placement[]): void {
  for (const { here, forwardings } of placements) {
    if (here === 'none' && forwardings.length === 0) throw new RangeError('a placement must lead somewhere')
    if (here === 'guest' && forwardings.length > 0) throw new RangeError('a guest has no forwardings yet')
  }
}
