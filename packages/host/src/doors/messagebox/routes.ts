import type KoaRouter from '@koa/router'
import type { PeerState } from '@overpost/auth'
import { acknowledgeMessage, type AcknowledgeMessageDeps } from './acknowledge-message.ts'
import { listMessages, type ListMessagesDeps } from './list-messages.ts'
import { messageStatus, type MessageStatusDeps } from './message-status.ts'
import { sendMessage, type SendMessageDeps } from './send-message.ts'

export type MessageboxDeps = SendMessageDeps &
  ListMessagesDeps &
  AcknowledgeMessageDeps & { readonly status: MessageStatusDeps }

/** BRC-33, as it is written and as clients speak it today (relay-http.md). */
export function messageboxRoutes(routes: KoaRouter<PeerState>, deps: MessageboxDeps): void {
  routes.post('/sendMessage', sendMessage(deps))
  routes.post('/listMessages', listMessages(deps))
  routes.post('/acknowledgeMessage', acknowledgeMessage(deps))
  routes.post('/messageStatus', messageStatus(deps.status))
}
