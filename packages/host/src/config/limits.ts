import { maxListLimit } from '@overpost/protocol'
import * as z from 'zod'
import { secondMs, minuteMs, mebibyte, durationMs, count } from './values.ts'

export const limitsSetting = z
  .strictObject({
    bodyBytes: count(4_096, 64 * mebibyte, 1.5 * mebibyte).meta({
      description: 'The largest request body.',
      unit: 'bytes',
    }),
    batchMessages: count(1, 100, 100).meta({ description: 'Messages in one call between hosts, both ways.' }),
    batchBytes: count(4_096, 64 * mebibyte, mebibyte).meta({
      description: 'Bytes of one batch between hosts, both ways.',
      unit: 'bytes',
    }),
    listMessages: count(1, 10_000, maxListLimit).meta({ description: 'Messages in one listing.' }),
    listBytes: count(4_096, 64 * mebibyte, 4 * mebibyte).meta({
      description: 'Bytes of bodies in one listing.',
      unit: 'bytes',
    }),
    requestTimeoutMs: durationMs(secondMs, 10 * minuteMs, 30 * secondMs).meta({
      description: 'How long a request may take to arrive.',
      unit: 'ms',
    }),
  })
  .prefault({})
