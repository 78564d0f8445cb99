import * as z from 'zod'
import { count } from './values.ts'

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
  })
  .prefault({})

export const memoryDaysSetting = count(2, 365, 7).meta({
  description: 'How long messages that came are remembered, so that none is taken twice; older ones are refused.',
  unit: 'days',
  env: 'OVERPOST_MEMORY_DAYS',
})
