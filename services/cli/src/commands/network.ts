import { startNetwork, type NetworkState } from '@overpost/devnet/network'
import { defineCommand } from '../command.ts'
import { columns } from '../help-text.ts'
import { exitCodes } from '../io.ts'
import { thingsToTry } from '../things-to-try.ts'
import { untilAborted } from '../until-aborted.ts'

export const network = defineCommand({
  name: 'network',
  summary: 'start a whole network on this machine: chain, overlay nodes and hosts, each its own process',
  positionals: [],
  options: {
    hosts: {
      kind: 'number',
      value: 'N',
      fallback: 2,
      description: 'how many relay hosts; they are named A, B, C, ...',
    },
    overlays: { kind: 'number', value: 'N', fallback: 1, description: 'how many overlay nodes' },
    'no-limits': { kind: 'switch', description: 'lift rate limits and quotas' },
    dir: {
      kind: 'text',
      value: 'DIR',
      description: 'where to keep everything; without it a folder that is removed at the end',
    },
    json: { kind: 'switch', description: 'print one line of JSON when all are ready, and nothing else' },
  },
  notes: [
    'Stays until SIGTERM or SIGINT, then stops what it started. A host that is killed stays dead until\n' +
      '`overpost network restart NAME --dir DIR`.',
  ],
  async run({ options }, io) {
    await using running = await startNetwork({
      hosts: options.hosts,
      overlays: options.overlays,
      noLimits: options['no-limits'],
      command: io.self,
      signal: io.signal,
      ...(options.dir === undefined ? {} : { dir: options.dir }),
    })
    if (options.json) io.out(JSON.stringify(running.state()))
    else for (const line of summary(running.state(), running.dir)) io.out(line)
    await untilAborted(io.signal)
    return exitCodes.done
  },
})

function summary({ chain, overlays, hosts }: NetworkState, dir: string): string[] {
  const rows = [
    ['chain', chain.url, '', String(chain.pid)],
    ...overlays.map(({ url, pid }, index) => [`overlay ${index + 1}`, url, '', String(pid)]),
    ...hosts.map(({ name, url, identityKey, pid }) => [`host ${name}`, url, identityKey, String(pid)]),
  ]
  return [...columns([['PART', 'URL', 'IDENTITY KEY', 'PID'], ...rows]), '', ...thingsToTry(dir)]
}
