import { defineCommand, UsageError } from '../command.ts'
import { readKey } from '../connect.ts'
import { columns } from '../help-text.ts'
import { exitCodes } from '../io.ts'
import { operate, operatorOptions } from '../operate.ts'

export const hostKeys = defineCommand({
  name: 'host-keys',
  summary: 'operator: hosts that show another key than the known one; with ORIGIN and KEY, take that key for theirs',
  positionals: [
    { name: 'ORIGIN', description: 'of a host that users anoint: https://relay.example', required: false },
    { name: 'KEY', description: 'its public key, which its operator told you', required: false },
  ],
  options: operatorOptions,
  notes: [
    'No mail goes to a changed key before it is accepted: whoever took the name over would read what is not encrypted.',
  ],
  async run({ options, positionals }, io) {
    const client = operate(options, io.env)
    const [origin, key] = positionals
    if (origin !== undefined) {
      if (key === undefined) throw new UsageError('host-keys: ORIGIN goes with a KEY')
      const request = { origin, hostKey: readKey('KEY', key) }
      const { changed } = await client.call('acceptHostKey', request, { signal: io.signal })
      if (options.json) io.out(JSON.stringify({ changed }))
      else io.out(changed ? 'accepted' : 'that was its key already')
      return exitCodes.done
    }
    const { hostKeys: found } = await client.call('hostKeys', {}, { signal: io.signal })
    if (options.json) io.out(JSON.stringify(found))
    else if (found.length === 0) io.out('no host has shown another key')
    else {
      const rows = found.map((host) => [host.origin, host.hostKey, host.offeredKey ?? '-'])
      for (const line of columns([['HOST', 'KEY', 'SHOWS NOW'], ...rows])) io.out(line)
    }
    return exitCodes.done
  },
})
