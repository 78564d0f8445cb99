import { backUpStore } from '@overpost/store'
import { defineCommand } from '../command.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

export const backup = defineCommand({
  name: 'backup',
  summary: "copy a host's store to a file, also while the host runs",
  positionals: [{ name: 'STORE', description: "the host's SQLite file (its setting store.file)", required: true }],
  options: {
    to: { kind: 'text', value: 'FILE', required: true, description: 'where to write the copy; must not be there yet' },
    json: shared.json,
  },
  notes: [
    'The copy is one moment of the store, checked, and on disk when this ends. Keep it elsewhere, and keep the host key too.',
    'Never start a host from a copy while the original runs: "overpost restore" puts a copy in its place.',
  ],
  run({ options: { to, json }, positionals: [file = ''] }, io) {
    const made = backUpStore({ file, to, nowMs: Date.now() })
    if (json) io.out(JSON.stringify({ file: to, ...made }))
    else {
      const { messages, outgoing, users, bytes } = made
      io.out(`${to}: ${messages} messages in boxes, ${outgoing} on their way, ${users} users, ${bytes} bytes`)
    }
    return Promise.resolve(exitCodes.done)
  },
})
