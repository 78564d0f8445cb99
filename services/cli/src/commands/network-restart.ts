import { restartHost } from '@overpost/devnet/network'
import { defineCommand } from '../command.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

export const networkRestart = defineCommand({
  name: 'network restart',
  summary: 'start a host of a running local network again, with its port, key and store',
  positionals: [{ name: 'NAME', required: true, description: 'the host: A, B, ...' }],
  options: { dir: { ...shared.dir, required: true, description: 'directory of the network' } },
  notes: ['Prints the host with its new pid as one line of JSON. A host that still runs is stopped first.'],
  async run({ options, positionals: [name = ''] }, io) {
    io.out(JSON.stringify(await restartHost(options.dir, name)))
    return exitCodes.done
  },
})
