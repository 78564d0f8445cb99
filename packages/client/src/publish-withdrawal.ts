import {
  bytesToHex,
  type IdentityKey,
  type PublishWithdrawalAnswer,
  type PublishWithdrawalJson,
  type SignedWithdrawal,
} from '@overpost/protocol'
import { pause } from './with-retries.ts'

export interface WithdrawOptions {
  /** How long to wait for the transaction, which the host makes after it answered. Default: not at all. */
  readonly waitMs?: number
  readonly signal?: AbortSignal
}

/** What was taken back. The host that was asked keeps it. */
export interface Withdrawn {
  readonly hostKey: IdentityKey | 'ALL'
  /** What was allowed before this time, in Unix milliseconds, holds no more. */
  readonly atMs: number
  /** The transaction that says so; null while it is on its way. */
  readonly txid: string | null
}

const askEveryMs = 500

/** Hands a signed withdrawal in; asks again, with the same one, until its transaction is there or `waitMs` are over. */
export async function publishWithdrawal(
  { hostKey, atMs, signature }: SignedWithdrawal,
  { waitMs, signal }: { readonly waitMs: number; readonly signal: AbortSignal | undefined },
  post: (request: PublishWithdrawalJson) => Promise<PublishWithdrawalAnswer>,
): Promise<Withdrawn> {
  const giveUpAtMs = performance.now() + waitMs
  for (;;) {
    const { txid } = await post({ hostKey, atMs, signature: bytesToHex(signature) })
    const leftMs = giveUpAtMs - performance.now()
    if (txid !== null || leftMs <= 0 || signal?.aborted === true) return { hostKey, atMs, txid }
    await pause(Math.min(askEveryMs, leftMs), signal)
  }
}
