import { defineCommand, UsageError } from '../command.ts'
import { connect, hostOptions, readKey } from '../connect.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'
import { readStandardInput } from '../read-standard-input.ts'

export const send = defineCommand({
  name: 'send',
  summary: 'send a signed message that only its recipients can read; done when it is on the disk of your host',
  positionals: [{ name: 'BODY', required: true, description: 'the text; - reads standard input' }],
  options: {
    ...hostOptions,
    to: { kind: 'list', value: 'KEY', description: "the recipient's identity key; at least one" },
    box: { kind: 'text', value: 'NAME', fallback: 'inbox', description: 'the message box' },
    plain: { kind: 'switch', description: 'do not encrypt: hosts on the way can read it' },
    id: { kind: 'text', value: 'ID', description: 'message id; else random. The same one again is the same message' },
    json: shared.json,
  },
  async run({ options, positionals: [text = ''] }, io) {
    if (options.to.length === 0) throw new UsageError('send: --to is missing')
    const body = text === '-' ? await readStandardInput() : text
    if (body.trim() === '') throw new UsageError('send: the body must not be blank')
    const message = {
      recipients: options.to.map((key) => readKey('--to', key)),
      box: options.box,
      body,
      encrypt: !options.plain,
    }
    const results = await connect(options, io).send(
      { ...message, ...(options.id === undefined ? {} : { messageId: options.id }) },
      { signal: io.signal },
    )
    if (options.json) io.out(JSON.stringify(results))
    else {
      for (const { recipient, messageId, duplicate, handle } of results) {
        const known = handle === null ? '' : `  handle ${handle}`
        io.out(`${duplicate ? 'was there already' : 'accepted'}  ${messageId}  for ${recipient}${known}`)
      }
    }
    return exitCodes.done
  },
})
