import { checkStore } from '@overpost/store'
import { defineCommand } from '../command.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

export const check = defineCommand({
  name: 'check',
  summary: 'look for damage in a store or a backup; changes nothing, and a host may run on it',
  positionals: [{ name: 'FILE', description: "a host's SQLite file, or a backup", required: true }],
  options: { json: shared.json },
  notes: ['Exit code 1 when something is wrong. "overpost restore" puts a backup in its place.'],
  run({ options, positionals: [file = ''] }, io) {
    const found = checkStore(file)
    const { faults, rows } = found
    if (options.json) io.out(JSON.stringify({ file, ...found }))
    else {
      for (const fault of faults) io.out(`damaged: ${fault.replaceAll('\n', ' ')}`)
      if (rows === null) io.out('nothing of it can be read')
      else io.out(`${rows.messages} messages in boxes, ${rows.outgoing} on their way, ${rows.users} users`)
      if (faults.length === 0) io.out('no damage was found')
    }
    return Promise.resolve(faults.length === 0 ? exitCodes.done : exitCodes.refused)
  },
})
