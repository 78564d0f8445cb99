import { defineCommand } from '../command.ts'
import { connect, hostOptions } from '../connect.ts'
import { exitCodes } from '../io.ts'
import { messageRow } from '../message-words.ts'
import { shared } from '../options.ts'

export const listen = defineCommand({
  name: 'listen',
  summary: 'show the messages of a box of yours as they come, until you stop it',
  positionals: [],
  options: {
    ...hostOptions,
    box: { kind: 'text', value: 'NAME', fallback: 'inbox', description: 'the message box' },
    cursor: { kind: 'text', value: 'CURSOR', description: 'go on after a message, by the cursor in its JSON' },
    count: { kind: 'number', value: 'N', description: 'end after so many messages' },
    ack: { kind: 'switch', description: 'acknowledge each message once it is printed' },
    json: { ...shared.json, description: 'print JSON, one line for each message' },
  },
  notes: [
    'Begins with what waits. Goes on by itself when the host is away for a while. The columns are those of list.',
  ],
  async run({ options }, io) {
    const { box, cursor, count = Infinity } = options
    const client = connect(options, io)
    const request = { box, withEnvelope: true, signal: io.signal, ...(cursor === undefined ? {} : { cursor }) }
    let shown = 0
    if (count === 0) return exitCodes.done
    for await (const message of client.follow(request)) {
      io.out(options.json ? JSON.stringify(message) : messageRow(message).join('  '))
      if (options.ack) await client.acknowledge([message], { signal: io.signal })
      shown += 1
      if (shown >= count) break
    }
    return exitCodes.done
  },
})
