import { collect } from '../collect.ts'
import { defineCommand, UsageError } from '../command.ts'
import { connect, hostOptions, readKey } from '../connect.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

export const ack = defineCommand({
  name: 'ack',
  summary: 'acknowledge messages, which removes them from your box',
  positionals: [{ name: 'ID', required: false, description: "the sender's message id, as list shows it" }],
  options: {
    ...hostOptions,
    box: { kind: 'text', value: 'NAME', fallback: 'inbox', description: 'the message box' },
    sender: { kind: 'text', value: 'KEY', description: "the sender's identity key" },
    all: { kind: 'switch', description: 'instead of --sender and ID: all that wait in the box now' },
    json: shared.json,
  },
  notes: ['Exit code 1 when there was no such message.'],
  async run({ options, positionals: [messageId] }, io) {
    const { box, sender, all } = options
    const client = connect(options, io)
    let acknowledged = 0
    if (all) {
      if (messageId !== undefined || sender !== undefined) throw new UsageError('ack: --all names no single message')
      const messages = await collect(client.listAll({ box, signal: io.signal }))
      for (let at = 0; at < messages.length; at += 1000) {
        acknowledged += await client.acknowledge(messages.slice(at, at + 1000), { signal: io.signal })
      }
    } else {
      if (messageId === undefined || sender === undefined) throw new UsageError('ack: --sender and ID, or --all')
      const named = { box, sender: readKey('--sender', sender), messageId }
      acknowledged = await client.acknowledge([named], { signal: io.signal })
    }
    io.out(options.json ? JSON.stringify({ acknowledged }) : `${acknowledged} acknowledged`)
    return all || acknowledged > 0 ? exitCodes.done : exitCodes.refused
  },
})
