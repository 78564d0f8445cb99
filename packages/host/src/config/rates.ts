import * as z from 'zod'
import { count } from './values.ts'

const rate = (whose: string, what: string, perSecond: number, burst: number) =>
  z
    .strictObject({
      perSecond: count(1, 1_000_000, perSecond).meta({
        description: `${what} in a second, of ${whose}, in the long run.`,
      }),
      burst: count(1, 10_000_000, burst).meta({ description: `${what} of ${whose} at once, after a rest.` }),
    })
    .prefault({})

const message = 'Calls, each message for itself and each 64 KiB of a body,'

export const ratesSetting = z
  .strictObject({
    enabled: z.boolean().default(true).meta({
      description: 'Whether rates are limited. Off for measurements only.',
      env: 'OVERPOST_RATES_ENABLED',
    }),
    address: rate('one address (of IPv6: one /64), before anything is checked', 'Requests', 300, 3_000),
    identity: rate('one identity', message, 100, 1_000),
    peer: rate('one host that hands messages in', message, 2_000, 20_000),
    tracked: count(1_000, 10_000_000, 50_000).meta({
      description:
        'Addresses, identities and hosts that are counted, each: those that were quiet longest are forgotten.',
    }),
  })
  .prefault({})
