import {
  capabilityPath,
  isProofAtLeast,
  maxRecipients,
  proofKinds,
  type HostOrigin,
  type IdentityKey,
} from '@overpost/protocol'
import type Koa from 'koa'
import type { Background } from '../background.ts'
import { boxRules } from '../box-retention.ts'
import type { HostConfig } from '../config.ts'
import { deviceRoutes } from '../doors/devices/routes.ts'
import { messageboxRoutes } from '../doors/messagebox/routes.ts'
import { permissionsRoutes } from '../doors/permissions/routes.ts'
import { AuthorizationQuotas } from '../doors/phip/authorization-quotas.ts'
import { phipRoutes } from '../doors/phip/routes.ts'
import { relayHost } from '../doors/well-known/relay-host.ts'
import { health } from '../http/health.ts'
import { createPipeline } from '../http/pipeline.ts'
import { publicKeyCheck } from '../public-key-check.ts'
import type { Foundation } from './foundation.ts'
import { openOperatorDoor } from './operator.ts'
import type { Relay } from './relay.ts'

const software = 'overpost/0.1.0'

/** All doors of a host, behind one pipeline. */
export function openDoors(
  foundation: Foundation,
  { acknowledgements, router, homes, policies, permissions, mailbox, handles, resolver, rules }: Relay,
  background: Pick<Background, 'fault'>,
  self: { readonly hostKey: IdentityKey; readonly origin: HostOrigin },
): Koa {
  const {
    config,
    log,
    clock,
    wallet,
    verifier,
    metrics,
    store,
    storeWatch,
    renderError,
    auth,
    callerLimits,
    advertiserAlarm,
    handoverAlarm,
    outbound,
  } = foundation
  const { limits, memoryDays, development: allowHttp } = config
  const isPublicKey = publicKeyCheck(verifier)
  const app = createPipeline({
    log,
    metrics,
    renderError,
    auth,
    limits,
    callerLimits,
    healthRoutes: health({
      checks: { store: () => storeWatch.fault(), lanes: () => background.fault('lanes') },
      registry: metrics.registry,
    }),
    publicRoutes: {
      [capabilityPath]: relayHost({
        wallet,
        clock,
        terms: {
          version: 1,
          identityKey: self.hostKey,
          origin: self.origin,
          software,
          openToNewIdentities: config.open,
          memoryDays,
          ...proofTerms(config),
          limits: { bodyBytes: limits.bodyBytes, recipients: maxRecipients, ...limitTerms(config) },
          receipts: true,
          live: true,
          log: store.mailboxes.incarnation,
          batch: { messages: limits.batchMessages, bytes: limits.batchBytes },
          retention: { days: config.retention.days, boxes: boxRules(config.retention.boxes) },
        },
      }),
    },
    operator: openOperatorDoor(foundation, { rules, resolver }),
    addRoutes(routes) {
      messageboxRoutes(routes, {
        ...{ acknowledgements, router, mailbox, limits, callerLimits, isPublicKey },
        status: { handles, records: store.records, wallet, verifier, self },
      })
      permissionsRoutes(routes, { permissions, isPublicKey })
      deviceRoutes(routes, { devices: store.devices, clock })
      phipRoutes(routes, {
        acknowledgements,
        router,
        authorizations: store.authorizations,
        withdrawals: store.withdrawals,
        handovers: store.handovers,
        handoverAlarm,
        memoryDays,
        quotas: new AuthorizationQuotas(config.advertiser),
        publishes: outbound.publisher !== null,
        hostLogs: foundation.hostLogs,
        log: store.mailboxes.incarnation,
        homes,
        policies,
        advertiserAlarm,
        wallet,
        verifier,
        clock,
        limits,
        callerLimits,
        self,
        open: config.open,
        allowHttp,
      })
    },
  })
  // The address that the nearest proxy saw is the last in the header; those before it are whatever the caller wrote.
  app.proxy = config.trustProxy
  app.maxIpsCount = 1
  return app
}

/** How often it may be called, and how much it keeps, as others are told. */
function limitTerms({ rates, quotas }: HostConfig) {
  const { address, identity, peer } = rates
  const { mailbox, sender, memoriesPerOrigin } = quotas
  return {
    ...(rates.enabled ? { rates: { address, identity, peer } } : {}),
    ...(quotas.enabled ? { quotas: { mailbox, sender, memoriesPerOrigin } } : {}),
  }
}

/** What this host demands of proofs, as others are told. */
function proofTerms({ proofs: { minimum, minimumPlaintext } }: HostConfig) {
  const isStricter = !isProofAtLeast(minimum, minimumPlaintext)
  return {
    proofs: proofKinds.filter((kind) => isProofAtLeast(kind, minimum)),
    minimumProof: minimum,
    ...(isStricter ? { minimumPlaintextProof: minimumPlaintext } : {}),
  }
}
