import { writeFileSync } from 'node:fs'
import type { MessageStatus } from '@overpost/client'
import { setTimeout as pause } from 'node:timers/promises'
import { defineCommand, UsageError } from '../command.ts'
import { connect, hostOptions } from '../connect.ts'
import { columns } from '../help-text.ts'
import { exitCodes, type Io } from '../io.ts'
import { shared } from '../options.ts'

const most = 100

export const status = defineCommand({
  name: 'status',
  summary: 'tell what became of messages that you sent, by the handles that send printed',
  positionals: [{ name: 'HANDLE', required: true, description: 'several are separated by commas, at most 100' }],
  options: {
    ...hostOptions,
    watch: { kind: 'switch', description: 'print each change, until every message has its end' },
    'every-ms': { kind: 'number', value: 'MS', fallback: 1_000, description: 'with --watch: how often to ask' },
    receipt: {
      kind: 'text',
      value: 'FILE',
      description: 'write the custody receipt of one message, for receipt verify',
    },
    json: shared.json,
  },
  notes: [
    'Exit code 0 when all were delivered or acknowledged, 1 when one was returned or is not known, 4 when one still waits; with --receipt\n' +
      'also 1 when there is no receipt that holds.',
  ],
  async run({ options, positionals: [text = ''] }, io) {
    const handles = text.split(',').filter((handle) => handle !== '')
    if (handles.length === 0 || handles.length > most) throw new UsageError(`status: give 1 to ${most} handles`)
    if (options.receipt !== undefined && handles.length > 1) throw new UsageError('status: --receipt wants one handle')
    const client = connect(options, io)
    const shown = new Map<string, string>()
    for (;;) {
      const found = await client.status(handles, { signal: io.signal })
      const changed = found.filter(({ handle, state }) => shown.get(handle) !== state)
      for (const { handle, state } of changed) shown.set(handle, state)
      if (options.json) for (const one of changed) io.out(JSON.stringify(one))
      else if (changed.length > 0) for (const line of columns(changed.map(words))) io.out(line)
      if (!options.watch || found.every(({ state }) => state !== 'waiting')) {
        return options.receipt === undefined ? exitCode(found) : writeReceipt(found, options.receipt, io)
      }
      await pause(options['every-ms'], undefined, { signal: io.signal })
    }
  },
})

/** The first receipt that holds: with several homes, each gives its own. */
function writeReceipt(found: readonly MessageStatus[], file: string, io: Pick<Io, 'err'>): number {
  const receipts = found.flatMap(({ receipt: own, destinations = [] }) =>
    [own, ...destinations.map(({ receipt }) => receipt)].flatMap((receipt) => receipt ?? []),
  )
  const [receipt] = receipts
  if (receipt === undefined) {
    io.err('overpost: no host has given a receipt that holds')
    return exitCodes.refused
  }
  writeFileSync(file, `${JSON.stringify(receipt, null, 2)}\n`)
  return exitCode(found)
}

function exitCode(found: readonly MessageStatus[]): number {
  if (found.some(({ state }) => state === 'returned' || state === 'unknown')) return exitCodes.refused
  return found.some(({ state }) => state === 'waiting') ? exitCodes.waiting : exitCodes.done
}

function words({ handle, state, movedTo, pruned, receipt, ...rest }: MessageStatus): string[] {
  const { attempts = 0, reason, nextAttemptAtMs, destinations = [] } = rest
  const where = destinations.map(({ origin, state: there }) => `${origin} (${there})`).join(', ')
  const next = nextAttemptAtMs === undefined ? [] : [`next ${new Date(nextAttemptAtMs).toISOString()}`]
  const tried = attempts === 0 ? [] : [`${attempts} attempts`]
  const here = receipt === undefined ? '' : 'in their box here'
  const moved = movedTo === undefined ? '' : `moved with its recipient to the host ${movedTo}`
  const gone = pruned === true ? 'the host no longer knows whether it was acknowledged' : ''
  return [
    handle,
    state,
    [here, moved, gone, where, ...tried, reason ?? '', ...next].filter((part) => part !== '').join('; '),
  ]
}
