import type { WalletInterface } from '@bsv/sdk'
import type { Received } from '@overpost/core'
import { signCustody, type Hasher, type PropagateResultJson } from '@overpost/protocol'

export interface CustodyAnswerDeps {
  readonly wallet: Pick<WalletInterface, 'createSignature'>
  readonly verifier: Hasher
  /** What the log here is called (docs/specs/resend.md). */
  readonly log: string
}

type Stored = Extract<Received, { kind: 'stored' }>

/** How a message that is here is answered (docs/specs/custody-receipt.md). */
export function storedJson({ duplicate, custody }: Stored): PropagateResultJson {
  return {
    status: 'success',
    ...(duplicate ? { duplicate } : {}),
    ...(custody === null ? {} : { custody }),
  }
}

/** One signature for all messages of an answer that this host can sign for; nothing when there is none. */
export async function custodySignature(
  received: readonly Received[],
  { wallet, verifier }: CustodyAnswerDeps,
): Promise<{ custodySignature?: string }> {
  const leaves = received.flatMap((one) => (one.kind === 'stored' && one.custody !== null ? [one.custody.leaf] : []))
  return leaves.length === 0 ? {} : { custodySignature: await signCustody(wallet, leaves, verifier) }
}
