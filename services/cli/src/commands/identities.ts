import { defineCommand } from '../command.ts'
import { columns } from '../help-text.ts'
import { exitCodes } from '../io.ts'
import { operate, operatorOptions } from '../operate.ts'

const pageSize = 1_000

export const identities = defineCommand({
  name: 'identities',
  summary: 'operator: whom a host hosts, until when, and by which adverts on chain',
  positionals: [],
  options: operatorOptions,
  async run({ options }, io) {
    const client = operate(options, io.env)
    const rows: string[][] = []
    let after: string | undefined
    for (;;) {
      const page = { limit: pageSize, ...(after === undefined ? {} : { after }) }
      const { identities: found } = await client.call('identities', page, { signal: io.signal })
      for (const identity of found) {
        if (options.json) io.out(JSON.stringify(identity))
        const { identityKey, expiresAtMs, pattern, adverts } = identity
        const expiry = expiresAtMs === null ? 'never' : new Date(expiresAtMs).toISOString()
        rows.push([identityKey, expiry, pattern ?? 'all', adverts?.join(' ') ?? '?'])
      }
      after = found.at(-1)?.identityKey
      if (found.length < pageSize) break
    }
    if (!options.json) {
      for (const line of columns([['IDENTITY KEY', 'EXPIRES', 'BOXES', 'ADVERTS'], ...rows])) io.out(line)
    }
    return exitCodes.done
  },
})
