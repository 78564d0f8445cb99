import type { Permission } from '@overpost/client'
import { defineCommand, UsageError } from '../command.ts'
import { connect, hostOptions, readKey } from '../connect.ts'
import { columns } from '../help-text.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

const box = { kind: 'text', value: 'NAME', fallback: 'inbox', description: 'the message box' } as const
const sender = { kind: 'text', value: 'KEY', description: 'of this sender; without, of the box as a whole' } as const

export const permissionsSet = defineCommand({
  name: 'permissions set',
  summary: 'decide who may send to a box of yours',
  positionals: [{ name: 'WHAT', required: true, description: 'allow, block, clear, or a fee in satoshis' }],
  options: { ...hostOptions, box, sender, json: shared.json },
  async run({ options, positionals: [what = ''] }, io) {
    const fee = readFee(what)
    await connect(options, io).permissions.set(names(options), fee, { signal: io.signal })
    io.out(options.json ? JSON.stringify({ ...names(options), recipientFee: fee }) : `${options.box}: ${what}`)
    return exitCodes.done
  },
})

export const permissionsGet = defineCommand({
  name: 'permissions get',
  summary: 'show what you decided about a sender, or a box',
  positionals: [],
  options: { ...hostOptions, box, sender, json: shared.json },
  notes: ['Exit code 1 when nothing was decided.'],
  async run({ options }, io) {
    const found = await connect(options, io).permissions.get(names(options), { signal: io.signal })
    if (options.json) io.out(JSON.stringify(found))
    else if (found === null) io.out('nothing was decided')
    else print([found], io.out)
    return found === null ? exitCodes.refused : exitCodes.done
  },
})

export const permissionsList = defineCommand({
  name: 'permissions list',
  summary: 'show all that you decided about senders and boxes',
  positionals: [],
  options: { ...hostOptions, box: { ...box, fallback: '', description: 'of this box alone' }, json: shared.json },
  async run({ options }, io) {
    const which = options.box === '' ? {} : { box: options.box }
    const found = await connect(options, io).permissions.list({ ...which, signal: io.signal })
    if (options.json) io.out(JSON.stringify(found))
    else print(found, io.out)
    return exitCodes.done
  },
})

export const permissionsQuote = defineCommand({
  name: 'permissions quote',
  summary: 'tell what a message to somebody costs, and who has blocked you',
  positionals: [{ name: 'KEY', required: true, description: 'several recipients are separated by commas' }],
  options: { ...hostOptions, box, json: shared.json },
  notes: ['Exit code 1 when one of them has blocked you.'],
  async run({ options, positionals: [text = ''] }, io) {
    const recipients = text.split(',').map((key) => readKey('KEY', key))
    const quotes = await connect(options, io).permissions.quote(recipients, options.box, { signal: io.signal })
    if (options.json) io.out(JSON.stringify(quotes))
    else {
      const rows = quotes.map(({ recipient, status, recipientFee, deliveryFee }) => {
        return [recipient, status, String(Math.max(recipientFee, 0)), String(deliveryFee)]
      })
      for (const line of columns([['RECIPIENT', 'STATUS', 'FEE', 'HOST FEE'], ...rows])) io.out(line)
    }
    return quotes.some(({ status }) => status === 'blocked') ? exitCodes.refused : exitCodes.done
  },
})

function names(options: { box: string; sender: string | undefined }) {
  return { box: options.box, ...(options.sender === undefined ? {} : { sender: readKey('--sender', options.sender) }) }
}

/** @throws {UsageError} */
function readFee(what: string): number | null {
  const words: Readonly<Record<string, number | null>> = { allow: 0, block: -1, clear: null }
  const fee = Object.hasOwn(words, what) ? words[what] : /^\d{1,15}$/.test(what) ? Number(what) : undefined
  if (fee === undefined) throw new UsageError(`permissions set: WHAT is allow, block, clear or a number, not "${what}"`)
  return fee
}

function print(permissions: readonly Permission[], out: (line: string) => void): void {
  const rows = permissions.map(({ messageBox, sender: whose, status, recipientFee }) => {
    return [messageBox, whose ?? '(everybody else)', status, String(Math.max(recipientFee, 0))]
  })
  for (const line of columns([['BOX', 'SENDER', 'STATUS', 'FEE'], ...rows])) out(line)
}
