import type { Placement } from '@overpost/core'

/** @throws {RangeError} for a message that would be kept nowhere, or that looks for what it has. */
export function checkPlacements(placements: readonly Placement[]): void {
  for (const { here, forwardings, seeksOthers } of placements) {
    if (here === 'none' && forwardings.length === 0) throw new RangeError('a placement must lead somewhere')
    if (here === 'guest' && forwardings.length > 0) throw new RangeError('a guest has no forwardings yet')
    if (seeksOthers && (here !== 'home' || forwardings.length > 0)) {
      throw new RangeError('other homes are sought for what is at home, and has no forwardings yet')
    }
  }
}
