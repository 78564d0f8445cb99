import type { ListedMessage } from '@overpost/client'
import { collect } from '../collect.ts'
import { defineCommand } from '../command.ts'
import { connect, hostOptions } from '../connect.ts'
import { columns } from '../help-text.ts'
import { exitCodes } from '../io.ts'
import { messageHeadings, messageRow } from '../message-words.ts'
import { shared } from '../options.ts'

export const list = defineCommand({
  name: 'list',
  summary: 'show the messages that wait in a box of yours, oldest first',
  positionals: [],
  options: {
    ...hostOptions,
    box: { kind: 'text', value: 'NAME', fallback: 'inbox', description: 'the message box' },
    limit: { kind: 'number', value: 'N', fallback: 100, description: 'at most so many, 1 to 1000' },
    cursor: { kind: 'text', value: 'CURSOR', description: 'go on where an earlier page ended' },
    all: { kind: 'switch', description: 'all pages; --limit is then the size of a page' },
    json: { ...shared.json, description: 'print JSON: one object, with --all one line for each message' },
  },
  notes: [
    'The column PROOF tells what the sender\'s name rests on. "signed": checked here against the sender\'s own key. "local": your\n' +
      'host has authenticated the sender. "brc94": the host in column VOUCHED BY has, and proved it to yours. "host": it says so.\n' +
      '"FORGED" does not verify.',
  ],
  async run({ options }, io) {
    const { box, limit, cursor } = options
    const client = connect(options, io)
    const request = { box, limit, withEnvelope: true, signal: io.signal, ...(cursor === undefined ? {} : { cursor }) }
    if (options.all) {
      if (options.json) for await (const message of client.listAll(request)) io.out(JSON.stringify(message))
      else print(await collect(client.listAll(request)), io.out)
      return exitCodes.done
    }
    const page = await client.list(request)
    if (options.json) io.out(JSON.stringify(page))
    else {
      print(page.messages, io.out)
      if (page.more && page.cursor !== null) io.out(`there is more: --cursor ${page.cursor}`)
    }
    return exitCodes.done
  },
})

function print(messages: readonly ListedMessage[], out: (line: string) => void): void {
  if (messages.length === 0) out('nothing waits here')
  else for (const line of columns([messageHeadings, ...messages.map(messageRow)])) out(line)
}
