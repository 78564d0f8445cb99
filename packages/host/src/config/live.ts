import * as z from 'zod'
import { count, durationMs, mebibyte, minuteMs, secondMs } from './values.ts'

export const liveSetting = z
  .strictObject({
    enabled: z.boolean().default(true).meta({
      description: 'Whether live connections are taken: /socket.io/ and /live.',
      env: 'OVERPOST_LIVE_ENABLED',
    }),
    connections: count(1, 1_000_000, 20_000).meta({ description: 'Live connections at once.' }),
    boxes: count(1, 10_000, 100).meta({ description: 'Message boxes that one connection follows.' }),
    frameBytes: count(65_536, 64 * mebibyte, 4 * mebibyte).meta({
      description: 'The largest message on a live connection, signature and all: about four times what is in it.',
      unit: 'bytes',
    }),
    bufferBytes: count(65_536, 64 * mebibyte, mebibyte).meta({
      description: 'What may wait for a connection that does not read, before it is cut.',
      unit: 'bytes',
    }),
    stallMs: durationMs(100, 10 * minuteMs, 30 * secondMs).meta({
      description: 'How long a pushed message may wait for the network, before the connection is cut.',
      unit: 'ms',
    }),
    signInMs: durationMs(100, 10 * minuteMs, 15 * secondMs).meta({
      description: 'How long a connection may be open before something is signed on it.',
      unit: 'ms',
    }),
    pingMs: durationMs(secondMs, 10 * minuteMs, 25 * secondMs).meta({
      description: 'How often a connection is asked whether it is still there.',
      unit: 'ms',
    }),
  })
  .prefault({})
