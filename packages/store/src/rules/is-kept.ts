import type { AppendOutcome } from '@overpost/core'

/** Whether a send may stand with that outcome: one other, and nothing of it is kept. */
export function isKept(outcome: AppendOutcome): boolean {
  return outcome === 'stored' || outcome === 'duplicate'
}
