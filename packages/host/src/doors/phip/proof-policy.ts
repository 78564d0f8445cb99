import type { Homes, ProofPolicies } from '@overpost/core'
import { parseProofPolicy, RelayError, type ProofPolicyAnswer } from '@overpost/protocol'
import type { Middleware } from 'koa'
import { parseBody } from '../../http/parse-body.ts'
import type { PeerState } from '@overpost/auth'

export interface ProofPolicyDeps {
  readonly homes: Pick<Homes, 'has'>
  readonly policies: Pick<ProofPolicies, 'find' | 'put'>
}

/**
 * `POST /proofPolicy` (ours): sets, or tells, which proof of the sender the caller demands in one of their boxes of what other
 * hosts hand in. Errors: docs/specs/proof-policy.md.
 */
export function proofPolicy({ homes, policies }: ProofPolicyDeps): Middleware<PeerState> {
  return async (ctx) => {
    const { box, demand } = parseProofPolicy(parseBody(ctx.state.rawBody))
    const owner = ctx.state.peer.identityKey
    if (!(await homes.has(owner, box))) throw new RelayError('ERR_NOT_AUTHORIZED', 'That box is not hosted here.')
    if (demand !== null) await policies.put(owner, box, demand)
    const standing = await policies.find(owner, box)
    ctx.body = { status: 'success', messageBox: box, ...standing } satisfies ProofPolicyAnswer
  }
}
