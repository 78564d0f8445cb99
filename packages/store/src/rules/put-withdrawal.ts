import type { Withdrawal } from '@overpost/protocol'

/** What putting `next` does beside `others`, the user's withdrawals that are here (`WithdrawalStore.put`). */
export function withdrawalOutcome(
  others: readonly Withdrawal[],
  next: Withdrawal,
  most: number,
): 'stored' | 'unchanged' | 'older' | 'full' {
  const same = others.find(({ hostKey }) => hostKey === next.hostKey)
  if (same === undefined) return others.length >= most ? 'full' : 'stored'
  if (same.atMs === next.atMs) return 'unchanged'
  return same.atMs > next.atMs ? 'older' : 'stored'
}
