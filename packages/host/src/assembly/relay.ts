import { RequestVerifier } from '@overpost/auth'
import {
  Acknowledgements,
  Homes,
  Mailbox,
  OperatorRules,
  Permissions,
  ProofPolicies,
  Resolver,
  Router,
  SenderVouchers,
  type HandleSeal,
} from '@overpost/core'
import type { HostOrigin, ProofDemand } from '@overpost/protocol'
import type { HostConfig } from '../config.ts'
import { SealedHandles } from '../handle-seal.ts'
import type { Foundation } from './foundation.ts'

/** What decides about messages: the domain, on this host's ports. */
export interface Relay {
  readonly resolver: Resolver
  readonly homes: Homes
  readonly policies: ProofPolicies
  readonly permissions: Permissions
  readonly mailbox: Mailbox
  readonly router: Router
  readonly acknowledgements: Acknowledgements
  readonly handles: HandleSeal
  readonly rules: OperatorRules
}

export async function createRelay(foundation: Foundation, ownOrigin: HostOrigin): Promise<Relay> {
  const { config, wallet, verifier, clock, random, store, events, outbound, outboxAlarm } = foundation
  const { routes, development: allowHttp, memoryDays } = config
  const resolver = new Resolver(
    {
      ...{ directory: outbound.lookups.directory, verifier, clock, ownKey: wallet.identityKey },
      ...{ ownOrigin, hostKeys: outbound.hostKeys },
      followedSinceMs: () => outbound.lookups.standings.followedSinceMs(),
    },
    { ...routes, allowHttp },
  )
  const homes = new Homes(store.authorizations, clock, (user) => config.open && resolver.isAnointedHere(user))
  const policies = new ProofPolicies(store.proofPolicies, proofDemands(config))
  const permissions = new Permissions(store.permissions, clock)
  const mailbox = new Mailbox(store.mailboxes)
  const rules = await OperatorRules.load(store.rules)
  const handles = new SealedHandles(wallet, store.mailboxes.incarnation)
  const vouchers = new SenderVouchers(resolver)
  const router = new Router({
    store: store.mailboxes,
    homes,
    rules,
    permissions,
    resolver,
    mailbox,
    outboxAlarm,
    handles,
    verifier,
    requests: new RequestVerifier(wallet),
    vouchers,
    policies,
    clock,
    random,
    events,
    memoryDays,
  })
  const acknowledgements = new Acknowledgements({
    store: store.acknowledgements,
    ...{ mailbox, homes, resolver, vouchers, verifier, clock, memoryDays },
    alarm: foundation.acknowledgementAlarm,
  })
  return { acknowledgements, resolver, homes, policies, permissions, mailbox, router, handles, rules }
}

/** What this host demands of what other hosts hand in. */
function proofDemands({ proofs }: HostConfig): ProofDemand[] {
  return [
    { minimum: proofs.minimum, plaintextOnly: false },
    { minimum: proofs.minimumPlaintext, plaintextOnly: true },
  ]
}
