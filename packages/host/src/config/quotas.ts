import * as z from 'zod'
import { count, gibibyte } from './values.ts'

const quota = (whose: string, messages: number, bytes: number) =>
  z
    .strictObject({
      messages: count(1, 1_000_000_000, messages).meta({ description: `Messages ${whose}.` }),
      bytes: count(65_536, 1_000 * gibibyte, bytes).meta({ description: `Bytes of bodies ${whose}.`, unit: 'bytes' }),
    })
    .prefault({})

export const quotasSetting = z
  .strictObject({
    enabled: z.boolean().default(true).meta({
      description: 'Whether there are quotas. Off for measurements only.',
      env: 'OVERPOST_QUOTAS_ENABLED',
    }),
    mailbox: quota('that wait in the boxes of one identity', 100_000, gibibyte),
    sender: quota('of one sender that wait here to go to other hosts', 100_000, gibibyte),
    memoriesPerOrigin: count(1_000, 1_000_000_000, 10_000_000).meta({
      description:
        'Messages of one host that are remembered for memoryDays, about 60 bytes each, so that none is taken twice; what it sends beyond is refused until some are forgotten.',
    }),
  })
  .prefault({})
