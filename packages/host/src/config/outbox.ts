import * as z from 'zod'
import { hostKeyPin } from '../links/pin-host-keys.ts'
import { secondMs, minuteMs, dayMs, durationMs, count } from './values.ts'

export const outboxSetting = z
  .strictObject({
    lanes: count(1, 1_000, 16).meta({ description: 'Deliveries and look-ups in hand at once.' }),
    gatherMs: durationMs(0, secondMs, 5).meta({
      description: 'How long a host rests after a call with several messages, so that the next call takes more.',
      unit: 'ms',
    }),
    ageLimitMs: durationMs(secondMs, 365 * dayMs, 5 * dayMs).meta({
      description: 'How long delivery is tried.',
      unit: 'ms',
    }),
    delayNoticeMs: durationMs(secondMs, 365 * dayMs, 4 * 60 * minuteMs).meta({
      description: 'How long a message waits before its sender is told that it does.',
      unit: 'ms',
    }),
    bodiesMs: durationMs(0, 365 * dayMs, dayMs).meta({
      description: 'How long a delivered message is kept, to be sent again to a host that lost it.',
      unit: 'ms',
    }),
    backoffBaseMs: durationMs(50, minuteMs, secondMs).meta({
      description: 'The first wait after a failed delivery; doubles.',
      unit: 'ms',
    }),
    backoffMostMs: durationMs(secondMs, dayMs, 15 * minuteMs).meta({
      description: 'The longest such wait.',
      unit: 'ms',
    }),
    unroutedBaseMs: durationMs(50, dayMs, minuteMs).meta({
      description: 'The first wait after finding no home of a recipient; doubles.',
      unit: 'ms',
    }),
    unroutedMostMs: durationMs(secondMs, dayMs, 60 * minuteMs).meta({
      description: 'The longest such wait.',
      unit: 'ms',
    }),
    callTimeoutMs: durationMs(secondMs, 5 * minuteMs, 30 * secondMs).meta({
      description: 'How long one delivery may take, its own quick retries included.',
      unit: 'ms',
    }),
  })
  .prefault({})

export const routesSetting = z
  .strictObject({
    positiveMs: durationMs(0, dayMs, minuteMs).meta({
      description: 'How long a found home is used without asking again.',
      unit: 'ms',
    }),
    followedMs: durationMs(0, dayMs, 10 * minuteMs).meta({
      description: 'The same while the feeds of all of overlay.urls are followed, which tell when it changes.',
      unit: 'ms',
    }),
    negativeMs: durationMs(0, dayMs, 10 * secondMs).meta({
      description: 'How long the answer "none" is believed.',
      unit: 'ms',
    }),
    acceptKeys: z
      .array(z.string().regex(hostKeyPin, 'must be an origin, a space, and an identity key in lower case'))
      .default([])
      .meta({
        description:
          'Keys of hosts that users anoint, "ORIGIN KEY" each: for one that shows another key than before, and is meant to.',
        env: 'OVERPOST_ROUTES_ACCEPT_KEYS',
      }),
    lookupTimeoutMs: durationMs(100, minuteMs, 5 * secondMs).meta({
      description: 'How long an overlay node is waited for.',
      unit: 'ms',
    }),
  })
  .prefault({})
