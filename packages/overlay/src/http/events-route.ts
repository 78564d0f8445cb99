import { RelayError } from '@overpost/protocol'
import type { Middleware } from 'koa'
import * as z from 'zod'
import type { EventFeed } from '../event-feed.ts'
import { check } from './check.ts'

const whole = z
  .string()
  .regex(/^[0-9]{1,15}$/, 'must be a whole number')
  .transform(Number)
const parameters = z.object({
  topic: z.string('must be given').max(50),
  since: z.union([whole, z.literal('last')]).default(0),
  limit: whole.pipe(z.number().min(1).max(1_000)).default(100),
  wait: whole.pipe(z.number().max(25)).optional(),
  log: z.string().max(64).optional(),
})

/** `GET /events` (docs/specs/event-feed.md). Errors: 400 ERR_INVALID_PARAMETERS, ERR_INVALID_CURSOR; 503. */
export function eventsRoute(feed: EventFeed, hosts: (topic: string) => boolean): Middleware {
  return async (ctx) => {
    const { topic, since, limit, wait, log } = check(parameters, ctx.query)
    if (!hosts(topic)) throw new RelayError('ERR_INVALID_PARAMETERS', `This node does not host the topic ${topic}.`)
    const gone = new AbortController()
    const onClose = () => gone.abort()
    ctx.res.once('close', onClose)
    try {
      const page = await feed.read(
        { topic, since, limit, log, waitMs: wait === undefined ? undefined : wait * 1000 },
        gone.signal,
      )
      const events = page.events.map(({ n, kind, txid, outputIndex, beef }) => ({
        n,
        kind,
        txid,
        outputIndex,
        beef: Buffer.from(beef).toString('base64'),
      }))
      ctx.body = { events, next: page.next, log: page.log }
    } finally {
      ctx.res.off('close', onClose)
    }
  }
}
