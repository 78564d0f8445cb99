import type { OperatorClient } from '@overpost/client'
import { collect } from '../collect.ts'
import { defineCommand } from '../command.ts'
import { readKey } from '../connect.ts'
import { columns } from '../help-text.ts'
import { exitCodes, type Io } from '../io.ts'
import { agoText, operate, operatorOptions } from '../operate.ts'

export const queueList = defineCommand({
  name: 'queue list',
  summary: 'operator: what waits on a host, by destination and age, or message by message',
  positionals: [],
  options: {
    ...operatorOptions,
    messages: { kind: 'switch', description: 'each message, the oldest first' },
    'to-host': { kind: 'text', value: 'KEY', description: 'with --messages: what goes to that host' },
    sender: { kind: 'text', value: 'KEY', description: 'with --messages: what comes from that sender' },
  },
  notes: [
    'Ages are in minutes: under 5 are those that are younger than 5 minutes, under 10 those from 5 to 10, and so on.',
  ],
  async run({ options }, io) {
    const client = operate(options, io.env)
    const filter = {
      ...(options['to-host'] === undefined ? {} : { host: readKey('--to-host', options['to-host']) }),
      ...(options.sender === undefined ? {} : { sender: readKey('--sender', options.sender) }),
    }
    if (!options.messages) return await printQueues(client, options.json, io)
    const messages = await collect(client.messages(filter, { signal: io.signal }))
    if (options.json) for (const message of messages) io.out(JSON.stringify(message))
    else if (messages.length === 0) io.out('nothing waits')
    else {
      const nowMs = Date.now()
      const rows = messages.map((message) => [
        String(message.id),
        agoText(message.acceptedAtMs, nowMs),
        String(message.bytes),
        String(message.attempts),
        message.held ? 'held' : 'waits',
        message.destinations.map(({ origin }) => origin).join(' ') || 'looks for a home',
        message.reason ?? '-',
      ])
      for (const line of columns([['ID', 'AGE', 'BYTES', 'ATTEMPTS', 'STATE', 'TO', 'REASON'], ...rows])) io.out(line)
    }
    return exitCodes.done
  },
})

async function printQueues(client: OperatorClient, asJson: boolean, io: Io): Promise<number> {
  const { agesMs, queues } = await client.call('queue', {}, { signal: io.signal })
  if (asJson) io.out(JSON.stringify({ agesMs, queues }))
  else if (queues.length === 0) io.out('nothing waits')
  else {
    const bounds = [...agesMs.map((ageMs) => `<${ageMs / 60_000}`), 'older']
    const rows = queues.map(({ origin, messages, held, byAge }) => [
      origin ?? 'look for a home',
      ...[messages, held, ...byAge].map(String),
    ])
    for (const line of columns([['TO', 'ALL', 'HELD', ...bounds], ...rows])) io.out(line)
  }
  return exitCodes.done
}
