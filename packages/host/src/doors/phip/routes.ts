import type KoaRouter from '@koa/router'
import type { AuthorizationStore } from '@overpost/core'
import type { PeerState } from '@overpost/auth'
import { authorizeRouting, type AuthorizeRoutingDeps } from './authorize-routing.ts'
import { handoverMessages, type HandoverMessagesDeps } from './handover-messages.ts'
import { propagateMessage } from './propagate-message.ts'
import { propagateMessages, type PropagateMessagesDeps } from './propagate-messages.ts'
import { proofPolicy, type ProofPolicyDeps } from './proof-policy.ts'
import { publishWithdrawal, type PublishWithdrawalDeps } from './publish-withdrawal.ts'
import { resendMessages, type ResendMessagesDeps } from './resend-messages.ts'
import { revokeRouting, type RevokeRoutingDeps } from './revoke-routing.ts'
import { syncAcknowledgements, type SyncAcknowledgementsDeps } from './sync-acknowledgements.ts'

export type PhipDeps = AuthorizeRoutingDeps &
  PropagateMessagesDeps &
  ProofPolicyDeps &
  HandoverMessagesDeps &
  RevokeRoutingDeps &
  PublishWithdrawalDeps &
  ResendMessagesDeps &
  SyncAcknowledgementsDeps & { readonly authorizations: AuthorizationStore }

/** BRC-34: who is hosted here, and what other hosts hand in. */
export function phipRoutes(routes: KoaRouter<PeerState>, deps: PhipDeps): void {
  routes.post('/authorizeRouting', authorizeRouting(deps))
  routes.post('/revokeRouting', revokeRouting(deps))
  routes.post('/publishWithdrawal', publishWithdrawal(deps))
  routes.post('/propagateMessage', propagateMessage(deps))
  routes.post('/propagateMessages', propagateMessages(deps))
  routes.post('/resendMessages', resendMessages(deps))
  routes.post('/handoverMessages', handoverMessages(deps))
  routes.post('/syncAcknowledgements', syncAcknowledgements(deps))
  routes.post('/proofPolicy', proofPolicy(deps))
}
