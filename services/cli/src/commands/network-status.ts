import { readNetworkFile } from '@overpost/devnet/network'
import { defineCommand } from '../command.ts'
import { columns } from '../help-text.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

export const networkStatus = defineCommand({
  name: 'network status',
  summary: 'show the processes of a local network, and which of them run',
  positionals: [],
  options: { dir: { ...shared.dir, required: true, description: 'directory of the network' }, json: shared.json },
  notes: ['Exit code 1 when one of them does not run.'],
  run({ options }, io) {
    const { starter, chain, overlays, hosts } = readNetworkFile(options.dir)
    const parts = [
      { name: 'starter', ...starter },
      { name: 'chain', ...chain },
      ...overlays.map((overlay, index) => ({ name: `overlay ${index + 1}`, ...overlay })),
      ...hosts.map((host) => ({ ...host, name: `host ${host.name}` })),
    ].map(({ name, url, pid }) => ({ name, url, pid, running: isRunning(pid) }))

    if (options.json) io.out(JSON.stringify(parts))
    else {
      for (const line of columns(
        parts.map(({ name, url, pid, running }) => [name, running ? 'runs' : 'gone', String(pid), url]),
      ))
        io.out(line)
    }
    return Promise.resolve(parts.every(({ running }) => running) ? exitCodes.done : exitCodes.refused)
  },
})

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
