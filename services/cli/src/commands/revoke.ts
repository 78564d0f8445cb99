import { defineCommand } from '../command.ts'
import { connect, hostOptions } from '../connect.ts'
import { exitCodes } from '../io.ts'

export const revoke = defineCommand({
  name: 'revoke',
  summary: 'take that permission back; the host spends its token',
  positionals: [],
  options: hostOptions,
  async run({ options }, io) {
    const client = connect(options, io)
    await client.revokeRouting({ signal: io.signal })
    io.out(`${client.host} may not take your messages any more`)
    return exitCodes.done
  },
})
