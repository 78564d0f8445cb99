import {
  lookupMessagebox,
  lookupPhip,
  lookupShip,
  lookupSlap,
  topicMessagebox,
  topicPhip,
  topicShip,
  topicSlap,
  type SignatureVerifier,
} from '@overpost/protocol'
import { discoveryLookup } from './lookups/discovery-lookup.ts'
import { messageboxLookup } from './lookups/messagebox-lookup.ts'
import { phipLookup } from './lookups/phip-lookup.ts'
import { TokenLookupService, type ClaimSink } from './lookups/token-lookup-service.ts'
import type { Advert } from './self-advertiser.ts'
import type { OverlayStore } from './storage/overlay-store.ts'
import type { Blocklist } from './topics/blocklist.ts'
import { discoveryTopicManager } from './topics/discovery-topic-manager.ts'
import { messageboxTopicManager } from './topics/messagebox-topic-manager.ts'
import { phipTopicManager } from './topics/phip-topic-manager.ts'
import type { TokenTopicManager } from './topics/token-topic-manager.ts'

const topics = [topicPhip, topicShip, topicSlap, topicMessagebox]
const lookups = [lookupPhip, lookupShip, lookupSlap, lookupMessagebox]

/** What a node says of itself. */
export const hostedAdverts: readonly Advert[] = [
  ...topics.map((name) => ({ kind: 'SHIP', name }) as const),
  ...lookups.map((name) => ({ kind: 'SLAP', name }) as const),
]

/** The topics of a node, by name. */
export function hostedTopics(config: {
  readonly verifier: SignatureVerifier
  readonly allowHttp: boolean
  readonly blocklist: Blocklist
}): Record<string, TokenTopicManager> {
  return {
    [topicPhip]: phipTopicManager(config),
    [topicShip]: discoveryTopicManager('SHIP', config),
    [topicSlap]: discoveryTopicManager('SLAP', config),
    [topicMessagebox]: messageboxTopicManager(config),
  }
}

/** Makes the lookup services of a node, by name. `now` gives Unix milliseconds. */
export function hostedLookups({
  store,
  verifier,
  now,
}: {
  readonly store: OverlayStore
  readonly verifier: SignatureVerifier
  readonly now: () => number
}): (sink?: ClaimSink) => Record<string, TokenLookupService> {
  return (sink) => ({
    [lookupPhip]: new TokenLookupService(phipLookup(now), store, sink),
    [lookupShip]: new TokenLookupService(discoveryLookup('SHIP', verifier), store, sink),
    [lookupSlap]: new TokenLookupService(discoveryLookup('SLAP', verifier), store, sink),
    [lookupMessagebox]: new TokenLookupService(messageboxLookup(verifier), store, sink),
  })
}
