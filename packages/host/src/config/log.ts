import * as z from 'zod'

export const logSetting = z
  .strictObject({
    level: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info').meta({
      description: 'How much is logged.',
      env: 'OVERPOST_LOG_LEVEL',
    }),
  })
  .prefault({})
