import { defineCommand } from '../command.ts'
import { columns } from '../help-text.ts'
import { exitCodes } from '../io.ts'
import { operate, operatorOptions } from '../operate.ts'

export const peers = defineCommand({
  name: 'peers',
  summary: 'operator: how it stands with the hosts to which a host delivers',
  positionals: [],
  options: operatorOptions,
  notes: ['BREAKER: closed, all is well; open, nothing is sent until its pause ends; probing, one message is tried.'],
  async run({ options }, io) {
    const { peers: found } = await operate(options, io.env).call('peers', {}, { signal: io.signal })
    if (options.json) io.out(JSON.stringify(found))
    else if (found.length === 0) io.out('no host was called, and nothing waits for any')
    else {
      const rows = found.map((peer) => [
        peer.origin,
        peer.breaker,
        String(peer.failures),
        String(peer.waiting),
        String(peer.deliveredPerMinute),
        peer.nextAttemptAtMs === null ? '-' : new Date(peer.nextAttemptAtMs).toISOString(),
        peer.lastError ?? '-',
      ])
      const head = ['HOST', 'BREAKER', 'FAILURES', 'WAITING', 'PER MINUTE', 'NEXT ATTEMPT', 'LAST ERROR']
      for (const line of columns([head, ...rows])) io.out(line)
    }
    return exitCodes.done
  },
})
