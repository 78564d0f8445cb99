import { defineCommand } from '../command.ts'
import { connect, hostOptions, readKey } from '../connect.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

export const withdraw = defineCommand({
  name: 'withdraw',
  summary: 'take back on chain what you allowed a host, by way of another host that serves you',
  positionals: [{ name: 'KEY|ALL', required: true, description: 'identity key of the host to leave, or ALL' }],
  options: {
    ...hostOptions,
    'wait-ms': { kind: 'number', value: 'MS', fallback: 10_000, description: 'how long to wait for the transaction' },
    json: shared.json,
  },
  notes: [
    'The host to leave need not help, or be up: --host is any host that you authorised, and it puts your signed word on chain.',
    "What you authorised before now ends; authorise a host again to come back. ALL ends --host's own permission too.",
  ],
  async run({ options, positionals: [target = ''] }, io) {
    const hostKey = target === 'ALL' ? target : readKey('KEY', target)
    const client = connect(options, io)
    const withdrawn = await client.withdraw(hostKey, { waitMs: options['wait-ms'], signal: io.signal })
    if (options.json) io.out(JSON.stringify(withdrawn))
    else {
      const whom = hostKey === 'ALL' ? 'no host' : `the host ${hostKey} no longer`
      const where =
        withdrawn.txid === null ? `on its way to the chain by ${client.host}` : `on chain in ${withdrawn.txid}`
      io.out(
        `${whom} may take your messages by what you allowed before ${new Date(withdrawn.atMs).toISOString()}: ${where}`,
      )
    }
    return exitCodes.done
  },
})
