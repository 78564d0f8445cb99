import * as z from 'zod'
import { minuteMs, dayMs, durationMs } from './values.ts'

export const sessionsSetting = z
  .strictObject({
    lifetimeMs: durationMs(minuteMs, 30 * dayMs, 7 * dayMs).meta({
      description: 'How long an authenticated session lasts; some clients never begin a new one by themselves.',
      unit: 'ms',
    }),
  })
  .prefault({})
