import { defineCommand } from '../command.ts'
import { connect, hostOptions } from '../connect.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

const dayMs = 86_400_000

export const authorize = defineCommand({
  name: 'authorize',
  summary: 'allow a host to take your messages; it puts that on chain, where others find it',
  positionals: [],
  options: {
    ...hostOptions,
    pattern: { kind: 'text', value: 'REGEX', description: 'only boxes that match (RE2, unanchored); else all' },
    days: { kind: 'number', value: 'DAYS', fallback: 90, description: 'how long it holds, at most 400' },
    json: shared.json,
  },
  async run({ options }, io) {
    const { pattern, days } = options
    const authorized = await connect(options, io).authorizeRouting({
      lifeMs: days * dayMs,
      signal: io.signal,
      ...(pattern === undefined ? {} : { pattern }),
    })
    if (options.json) io.out(JSON.stringify(authorized))
    else {
      const until = new Date(authorized.dates.expiresAtMs).toISOString()
      io.out(`${authorized.origin} (${authorized.hostKey}) may take your messages until ${until}`)
    }
    return exitCodes.done
  },
})
