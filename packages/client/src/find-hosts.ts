import { fetchTransport, type Transport } from '@overpost/auth/session'
import {
  sdkSignatureVerifier,
  selectRoutes,
  verifyPhipToken,
  verifyWithdrawalToken,
  type IdentityKey,
  type Outpoint,
  type PhipToken,
  type SignatureVerifier,
  type Withdrawal,
} from '@overpost/protocol'
import type { ChainTracker } from '@bsv/sdk'
import { askOverlay, type ProvenOutput } from './ask-overlay.ts'
import { withDeadline } from './deadline.ts'
import { RelayClientError } from './relay-client-error.ts'

export interface FindHostsRequest {
  readonly user: IdentityKey
  /** Origins of overlay nodes. The more of them, the harder it is to hide something. */
  readonly overlays: readonly string[]
  /** Block headers: whom to believe what is in the chain. */
  readonly chainTracker: ChainTracker
  /** The SDK's by default. */
  readonly verifier?: SignatureVerifier
  /** `http:` origins count: for networks on one machine only. */
  readonly allowHttp?: boolean
  /** For each node; 10 s by default. */
  readonly timeoutMs?: number
  /** How a request reaches a node; `fetch` by default. */
  readonly transport?: Transport
  readonly signal?: AbortSignal
  readonly nowMs?: number
}

/** A host that a user authorised, as an unspent token on chain says. */
export interface FoundHost extends Pick<PhipToken, 'hostKey' | 'origin' | 'pattern' | 'dates'> {
  readonly outpoint: Outpoint
  /** The block that holds the token; null while it waits for one. */
  readonly height: number | null
}

export interface FoundHosts {
  /** Newest first, at most 5. */
  readonly hosts: readonly FoundHost[]
  /** The nodes that answered; never empty. */
  readonly answered: readonly string[]
  readonly failed: readonly { readonly overlay: string; readonly reason: string }[]
  /** What was shown and is not believed. */
  readonly refused: readonly { readonly outpoint: Outpoint; readonly reason: string }[]
}

const mostOutputs = 256

/**
 * Finds the hosts of a user as a router does (BRC-34, Message Delivery; phip.md section 10): asks every node given, believes
 * none of them, and checks each token by SPV, by both signatures and by its dates. One proven spend, from any node, drops a
 * token. A node that lies can hide a host, never add one.
 * @throws {RelayClientError} ERR_UNREACHABLE when no node answered: that is never "no hosts".
 */
export async function findHosts(request: FindHostsRequest): Promise<FoundHosts> {
  const { overlays, user, chainTracker, transport = fetchTransport(), timeoutMs = 10_000, signal: stop } = request
  const answered: string[] = []
  const failed: FoundHosts['failed'][number][] = []
  const outputs: ProvenOutput[] = []
  const ask = async (overlay: string): Promise<void> => {
    try {
      const shown = await withDeadline({ timeoutMs, signal: stop }, `the lookup at ${overlay}`, (signal) =>
        askOverlay(overlay, { user, chainTracker, transport, signal, mostOutputs }),
      )
      outputs.push(...shown)
      answered.push(overlay)
    } catch (error) {
      if (stop?.aborted === true) throw error
      failed.push({ overlay, reason: error instanceof Error ? error.message : 'it failed' })
    }
  }
  await Promise.all(overlays.map(ask))
  if (answered.length === 0) {
    const reasons = failed.map(({ overlay, reason }) => `${overlay}: ${reason}`)
    throw new RelayClientError(
      'ERR_UNREACHABLE',
      `no overlay node answered (${reasons.join('; ') || 'none was named'})`,
    )
  }
  return { ...judge(merge(outputs), request), answered, failed }
}

/** One entry per outpoint: spent when one of the answers proves it. */
function merge(outputs: readonly ProvenOutput[]): ProvenOutput[] {
  const byOutpoint = new Map<Outpoint, ProvenOutput>()
  for (const output of outputs) {
    const known = byOutpoint.get(output.outpoint)
    byOutpoint.set(output.outpoint, known === undefined ? output : joined(known, output))
  }
  return [...byOutpoint.values()]
}

function joined(one: ProvenOutput, other: ProvenOutput): ProvenOutput {
  return { ...one, spent: one.spent || other.spent, height: one.height ?? other.height }
}

function judge(outputs: readonly ProvenOutput[], request: FindHostsRequest): Pick<FoundHosts, 'hosts' | 'refused'> {
  const { user, verifier = sdkSignatureVerifier(), allowHttp = false, nowMs = Date.now() } = request
  const refused: { outpoint: Outpoint; reason: string }[] = []
  const candidates: (PhipToken & ProvenOutput)[] = []
  const withdrawals: Withdrawal[] = []
  for (const output of outputs) {
    const withdrawal = verifyWithdrawalToken(output.script, { verifier })
    if ('token' in withdrawal) {
      if (withdrawal.token.userKey === user) withdrawals.push(withdrawal.token)
      continue
    }
    const verified = verifyPhipToken(output.script, { verifier, allowHttp })
    if ('fault' in verified) refused.push({ outpoint: output.outpoint, reason: verified.fault })
    else if (verified.token.userKey !== user)
      refused.push({ outpoint: output.outpoint, reason: 'it is of another user' })
    else candidates.push({ ...verified.token, ...output })
  }
  const hosts = selectRoutes(candidates, { nowMs, withdrawals })
  for (const candidate of candidates) {
    if (hosts.includes(candidate)) continue
    const reason = candidate.spent ? 'it is spent' : 'it is out of date, withdrawn, or another one takes its place'
    refused.push({ outpoint: candidate.outpoint, reason })
  }
  return {
    hosts: hosts.map(({ hostKey, origin, pattern, dates, outpoint, height }) => {
      return { hostKey, origin, pattern, dates, outpoint, height }
    }),
    refused,
  }
}
