import * as z from 'zod'
import { secondMs, minuteMs, dayMs, durationMs, count, httpUrl } from './values.ts'

export const chainSetting = z
  .strictObject({
    headersUrl: httpUrl.optional().meta({
      description: 'A block headers service, against which adverts are checked. Without one this host finds no other.',
      env: 'OVERPOST_HEADERS_URL',
      example: 'https://headers.example',
    }),
    headersApiKey: z.string().min(1).optional().meta({
      description: 'The key for the block headers service.',
      env: 'OVERPOST_HEADERS_API_KEY',
      secret: true,
    }),
    timeoutMs: durationMs(100, minuteMs, 5_000).meta({
      description: 'How long a question to it may take.',
      unit: 'ms',
    }),
  })
  .prefault({})

export const walletSetting = z
  .strictObject({
    url: httpUrl.optional().meta({
      description: 'A BRC-100 wallet (JSON over HTTP) that pays for adverts. Without one this host mints none.',
      env: 'OVERPOST_WALLET_URL',
      example: 'http://127.0.0.1:3321',
    }),
    originator: z.string().min(1).default('overpost.host').meta({
      description: 'The name under which this host asks the wallet.',
      env: 'OVERPOST_WALLET_ORIGINATOR',
    }),
    timeoutMs: durationMs(secondMs, 10 * minuteMs, minuteMs).meta({
      description: 'How long a call to the wallet may take.',
      unit: 'ms',
    }),
  })
  .prefault({})

export const overlaySetting = z
  .strictObject({
    urls: z.array(httpUrl).max(20).default([]).meta({
      description: 'Overlay nodes that are asked for adverts and told of ours; all of them, each time. Use several.',
      env: 'OVERPOST_OVERLAY_URLS',
    }),
    trackers: z.array(httpUrl).max(20).default([]).meta({
      description: 'Overlay nodes that are asked which others answer lookups (SLAP); those are asked for adverts too.',
      env: 'OVERPOST_OVERLAY_TRACKERS',
    }),
    nodesAsked: count(0, 20, 4).meta({
      description: 'How many of the nodes found that way are asked one question, besides all of urls.',
    }),
    discoverEveryMs: durationMs(secondMs, dayMs, 5 * minuteMs).meta({
      description: 'How often the trackers are asked.',
      unit: 'ms',
    }),
    follow: z.boolean().default(true).meta({
      description:
        'Whether the event feeds of overlay nodes are followed, so that a change of adverts is known at once.',
      env: 'OVERPOST_OVERLAY_FOLLOW',
    }),
    submitTimeoutMs: durationMs(secondMs, 5 * minuteMs, 15 * secondMs).meta({
      description: 'How long telling a node of an advert may take.',
      unit: 'ms',
    }),
  })
  .prefault({})

export const advertiserSetting = z
  .strictObject({
    everyMs: durationMs(secondMs, dayMs, minuteMs).meta({
      description: 'How often adverts on chain are compared with what users authorised.',
      unit: 'ms',
    }),
    dailySatoshis: count(0, 2_100_000_000_000_000, 100_000).meta({
      description:
        'The most that adverts may cost in a day (UTC), fees and tokens; half of it at most for users who have none yet. What is over waits.',
      unit: 'satoshis',
      env: 'OVERPOST_ADVERTISER_DAILY_SATOSHIS',
    }),
    newPerAddress: count(1, 1_000_000, 50).meta({
      description: 'Identities that one address (of IPv6: one /64) may bring here in a day.',
    }),
    newPerDay: count(1, 10_000_000, 2_000).meta({
      description: 'Identities that are taken in a day, of all addresses.',
    }),
    changesPerUser: count(1, 10_000, 10).meta({
      description: 'New authorizations of one identity, and withdrawals, in a day.',
    }),
    mostPerTransaction: count(1, 1_000, 100).meta({ description: 'Adverts made and ended in one transaction.' }),
  })
  .prefault({})
