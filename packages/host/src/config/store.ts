import * as z from 'zod'
import { count, mebibyte } from './values.ts'

export const storeSetting = z
  .strictObject({
    kind: z.enum(['sqlite', 'memory']).default('sqlite').meta({
      description: 'Where mail is kept; memory forgets all at the end.',
      env: 'OVERPOST_STORE',
    }),
    file: z.string().min(1).default('overpost-host.sqlite').meta({
      description: 'The SQLite file; one process at a time.',
      env: 'OVERPOST_STORE_FILE',
    }),
    reserveBytes: count(0, 1024 * 1024 * mebibyte, 64 * mebibyte).meta({
      description:
        'When less is free on its disk, new mail is refused (507), while what makes room goes on: delivering, acknowledging. ' +
        'Half of it, at most 32 MiB, is kept as a file beside the store.',
      unit: 'bytes',
      env: 'OVERPOST_STORE_RESERVE_BYTES',
    }),
  })
  .prefault({})

export const memoryDaysSetting = count(2, 365, 7).meta({
  description: 'How long messages that came are remembered, so that none is taken twice; older ones are refused.',
  unit: 'days',
  env: 'OVERPOST_MEMORY_DAYS',
})
