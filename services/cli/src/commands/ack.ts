import { collect } from '../collect.ts'
import { defineCommand, UsageError } from '../command.ts'
import { connect, hostOptions, readKey } from '../connect.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

/** Messages of one call. */
const atOnce = 1000

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
    const chosen = choose(options, messageId)
    const client = connect(options, io)
    const messages = chosen ?? (await collect(client.listAll({ box: options.box, signal: io.signal })))
    let acknowledged = 0
    for (let at = 0; at < messages.length; at += atOnce) {
      acknowledged += await client.acknowledge(messages.slice(at, at + atOnce), { signal: io.signal })
    }
    io.out(options.json ? JSON.stringify({ acknowledged }) : `${acknowledged} acknowledged`)
    return options.all || acknowledged > 0 ? exitCodes.done : exitCodes.refused
  },
})

/** The one message that is named; null for all that wait. @throws {UsageError} */
function choose(options: { box: string; sender: string | undefined; all: boolean }, messageId: string | undefined) {
  const { box, sender, all } = options
  if (all && (messageId !== undefined || sender !== undefined))
    throw new UsageError('ack: --all names no single message')
  if (all) return null
  if (messageId === undefined || sender === undefined) throw new UsageError('ack: --sender and ID are wanted, or --all')
  return [{ box, sender: readKey('--sender', sender), messageId }]
}
