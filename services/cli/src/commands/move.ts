import { defineCommand } from '../command.ts'
import { connect, hostOptions } from '../connect.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

const { 'key-file': keyFile, dir, 'timeout-ms': timeoutMs } = hostOptions

export const move = defineCommand({
  name: 'move',
  summary: 'leave one host for another, which gets what waits for you',
  positionals: [],
  options: {
    from: {
      ...shared.host,
      env: 'OVERPOST_FROM',
      description: 'the host that you leave: its origin, or its name with --dir',
    },
    to: { ...shared.host, env: 'OVERPOST_TO', description: 'the host that you move to' },
    'key-file': keyFile,
    dir,
    'timeout-ms': timeoutMs,
    json: shared.json,
  },
  notes: [
    'Authorises the new host first, then ends the permission of the old one, and shows what still waits there until all is handed over.',
    'The old host goes on by itself when this is stopped; the same command shows how far it is. What the new one will not take stays at the old one.',
  ],
  async run({ options }, io) {
    const at = (host: string) => connect({ ...options, host, 'host-key': undefined }, io)
    const [from, to] = [at(options.from), at(options.to)]
    const { hostKey } = await to.authorizeRouting({ signal: io.signal })
    for await (const progress of from.move(hostKey, { signal: io.signal })) {
      if (options.json) io.out(JSON.stringify(progress))
      else if (!progress.done) io.out(`${progress.waiting} still wait at ${from.host}`)
      else {
        const left =
          progress.waiting === 0 ? '' : `; ${progress.waiting} stay at ${from.host}, which ${to.host} does not take`
        io.out(`moved to ${to.host}${left}`)
      }
    }
    return exitCodes.done
  },
})
