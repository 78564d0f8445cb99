import { restoreStore, type Restored } from '@overpost/store'
import { defineCommand } from '../command.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

export const restore = defineCommand({
  name: 'restore',
  summary: 'put a backup in the place of a store; the host must be stopped',
  positionals: [{ name: 'BACKUP', description: 'a file that "overpost backup" wrote', required: true }],
  options: {
    to: {
      kind: 'text',
      value: 'STORE',
      required: true,
      description: "the host's SQLite file (its setting store.file)",
    },
    json: shared.json,
  },
  notes: [
    'What was there is set aside, beside it. When the host starts, its log is a new one: readers begin anew, and see again what',
    'they acknowledged after the backup; sessions end. Hosts that this one ever sent to are told, and send again what they',
    'delivered here in the last 24 hours; others do with their next message. What comes again is logged by count.',
  ],
  run({ options: { to, json }, positionals: [from = ''] }, io) {
    const restored = restoreStore({ file: to, from })
    if (json) io.out(JSON.stringify({ file: to, ...restored }))
    else for (const line of describe(to, restored)) io.out(line)
    return Promise.resolve(exitCodes.done)
  },
})

function describe(to: string, { backupAtMs, messages, outgoing, users, setAside, missing }: Restored): string[] {
  const lines = [
    `${to} is as it was at ${new Date(backupAtMs).toISOString()}: ${messages} messages in boxes, ${outgoing} on their way, ${users} users`,
  ]
  if (setAside !== null) lines.push(`what was there is now ${setAside}`)
  if (missing !== null) {
    const { fromHosts, fromSenders, outgoing: lost } = missing
    lines.push(
      `not in the backup: ${fromHosts} messages of other hosts, which send again those of the last 24 hours; ${fromSenders} that were handed in here, and ${lost} on their way`,
    )
  } else if (setAside !== null)
    lines.push('what is not in the backup cannot be counted: the file that was there cannot be read')
  return lines
}
