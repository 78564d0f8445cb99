import type { RawBodyState } from '@overpost/auth'
import type { Middleware } from 'koa'
import { hostKeysCalls } from '../doors/operator/host-keys-calls.ts'
import { identitiesCall } from '../doors/operator/identities-call.ts'
import { operatorDoor } from '../doors/operator/operator-door.ts'
import { peersCall } from '../doors/operator/peers-call.ts'
import { queueCalls } from '../doors/operator/queue-calls.ts'
import { rulesCalls } from '../doors/operator/rules-calls.ts'
import type { Foundation } from './foundation.ts'
import type { Relay } from './relay.ts'

/** The operator's door; null when these settings name no token. */
export function openOperatorDoor(
  { log, clock, store, peers, outbound, outboxAlarm, operatorToken }: Foundation,
  { rules, resolver }: Pick<Relay, 'rules' | 'resolver'>,
): Middleware<RawBodyState> | null {
  if (operatorToken === null) return null
  const { queue, authorizations } = store
  return operatorDoor(operatorToken, {
    ...queueCalls({ queue, outboxAlarm, clock }),
    ...peersCall({ queue, peers, clock }),
    ...identitiesCall({ authorizations, publisher: outbound.publisher, log }),
    ...rulesCalls({ rules, clock }),
    ...hostKeysCalls({ hostKeys: store.hostKeys, resolver, clock }),
  })
}
