import * as z from 'zod'
import { parseBoxRule } from '../box-retention.ts'
import { count } from './values.ts'

const ruleSetting = z
  .string()
  .refine(
    (text) => parseBoxRule(text) !== null,
    'must be a box, or a beginning of boxes and *, then = and a number of days',
  )

export const retentionSetting = z
  .strictObject({
    days: count(0, 36_500, 365).meta({
      description: 'How long a box keeps what its owner does not acknowledge; 0: for good.',
      unit: 'days',
      env: 'OVERPOST_RETENTION_DAYS',
    }),
    boxes: z.array(ruleSetting).max(1_000).default([]).meta({
      description: 'Boxes that keep it for another number of days, the first that fits counts: inbox=0, news_*=7.',
      env: 'OVERPOST_RETENTION_BOXES',
    }),
  })
  .prefault({})
