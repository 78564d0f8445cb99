/** Exponential growth with full jitter: anywhere between `leastMs` and min(`mostMs`, `baseMs` x 2^attempts). */
export interface BackoffPolicy {
  readonly baseMs: number
  readonly mostMs: number
}

const leastMs = 50

/** How long to wait after attempt number `attempts` (0 for the first). `fraction`: random, in [0, 1). */
export function backoffMs(attempts: number, policy: BackoffPolicy, fraction: number): number {
  const ceilingMs = Math.min(policy.mostMs, policy.baseMs * 2 ** Math.min(attempts, 40))
  return Math.round(Math.max(leastMs, ceilingMs * fraction))
}
