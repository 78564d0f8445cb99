import { defineCommand } from '../command.ts'
import { exitCodes } from '../io.ts'
import { operate, operatorOptions } from '../operate.ts'
import { readIds } from './queue-change.ts'

export const queueShow = defineCommand({
  name: 'queue show',
  summary: 'operator: all that a host knows of a message that waits, but its body',
  positionals: [{ name: 'ID', description: 'as queue list --messages shows it', required: true }],
  options: operatorOptions,
  async run({ options, positionals }, io) {
    const [id = 0] = readIds(positionals)
    const { message } = await operate(options, io.env).call('message', { id }, { signal: io.signal })
    io.out(options.json ? JSON.stringify(message) : JSON.stringify(message, null, 2))
    return exitCodes.done
  },
})
