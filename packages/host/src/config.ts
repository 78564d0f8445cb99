import { parseHostOrigin } from '@overpost/protocol'
import * as z from 'zod'
import { listenSetting, tlsSetting, trustProxySetting, outgoingSetting, publicUrlSetting } from './config/addresses.ts'
import { chainSetting, walletSetting, overlaySetting, advertiserSetting } from './config/chain.ts'
import { identityKeySetting, identityKeyFileSetting, developmentSetting, openSetting } from './config/identity.ts'
import { limitsSetting } from './config/limits.ts'
import { liveSetting } from './config/live.ts'
import { logSetting } from './config/log.ts'
import { operatorSetting } from './config/operator.ts'
import { outboxSetting, routesSetting } from './config/outbox.ts'
import { proofsSetting } from './config/proofs.ts'
import { quotasSetting } from './config/quotas.ts'
import { ratesSetting } from './config/rates.ts'
import { retentionSetting } from './config/retention.ts'
import { pushSetting } from './config/push.ts'
import { sessionsSetting } from './config/sessions.ts'
import { storeSetting, memoryDaysSetting } from './config/store.ts'
import { dayMs } from './config/values.ts'

const isPlain = (url: string): boolean => url.startsWith('http://')

/** Every setting of a host, in the order in which they are printed. Flags, environment and `config.example.json` come from here. */
export const hostConfigSchema = z
  .strictObject({
    listen: listenSetting,
    tls: tlsSetting,
    trustProxy: trustProxySetting,
    outgoing: outgoingSetting,
    publicUrl: publicUrlSetting,
    identityKey: identityKeySetting,
    identityKeyFile: identityKeyFileSetting,
    development: developmentSetting,
    open: openSetting,
    store: storeSetting,
    chain: chainSetting,
    wallet: walletSetting,
    overlay: overlaySetting,
    memoryDays: memoryDaysSetting,
    limits: limitsSetting,
    live: liveSetting,
    rates: ratesSetting,
    quotas: quotasSetting,
    retention: retentionSetting,
    proofs: proofsSetting,
    outbox: outboxSetting,
    routes: routesSetting,
    push: pushSetting,
    sessions: sessionsSetting,
    advertiser: advertiserSetting,
    operator: operatorSetting,
    log: logSetting,
  })
  .superRefine((config, context) => {
    const fault = (path: string, message: string): void => {
      context.addIssue({ code: 'custom', path: path.split('.'), message })
    }
    const { publicUrl, identityKey, identityKeyFile, development, outbox, limits } = config
    if (publicUrl === undefined) {
      if (!development) fault('publicUrl', 'is required outside development')
    } else if (parseHostOrigin(publicUrl, { allowHttp: true }) === null) {
      fault(
        'publicUrl',
        'must be an origin as URLs are written: lower case, no path, no slash at the end, no default port',
      )
    } else if (!development && isPlain(publicUrl)) {
      fault('publicUrl', 'must be https:// outside development')
    }
    if (identityKey === undefined && identityKeyFile === undefined)
      fault('identityKeyFile', 'is required, or identityKey')
    if (identityKey !== undefined && identityKeyFile !== undefined)
      fault('identityKeyFile', 'give it or identityKey, not both')
    if (config.operator.token !== undefined && config.operator.tokenFile !== undefined)
      fault('operator.tokenFile', 'give it or operator.token, not both')
    if ((config.tls.cert === undefined) !== (config.tls.key === undefined)) {
      fault(config.tls.cert === undefined ? 'tls.cert' : 'tls.key', 'is required: a certificate goes with its key')
    }
    if (outbox.ageLimitMs >= config.memoryDays * dayMs) {
      fault('outbox.ageLimitMs', 'must be less than memoryDays, or late deliveries are refused as too old')
    }
    if (outbox.backoffBaseMs > outbox.backoffMostMs)
      fault('outbox.backoffBaseMs', 'must not be more than backoffMostMs')
    if (outbox.unroutedBaseMs > outbox.unroutedMostMs)
      fault('outbox.unroutedBaseMs', 'must not be more than unroutedMostMs')
    if (limits.batchBytes > limits.bodyBytes) fault('limits.batchBytes', 'must not be more than bodyBytes')
    if (new Set(config.overlay.urls).size < config.overlay.urls.length) fault('overlay.urls', 'names a node twice')
    for (const name of ['urls', 'trackers'] as const) {
      if (!development && config.overlay[name].some(isPlain)) {
        fault(`overlay.${name}`, 'must be https:// outside development')
      }
    }
  })

/** A host's settings, checked. */
export type HostConfig = z.output<typeof hostConfigSchema>
/** The same as it is written: what has a default may be left out. */
export type HostConfigInput = z.input<typeof hostConfigSchema>
