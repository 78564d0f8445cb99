import { collect } from '../collect.ts'
import { defineCommand, UsageError } from '../command.ts'
import { readKey } from '../connect.ts'
import { exitCodes } from '../io.ts'
import { operate, operatorOptions } from '../operate.ts'

const mostAtOnce = 1_000
const done = { retry: 'due at once', hold: 'held', release: 'let go', bounce: 'given up', purge: 'purged' } as const

export const queueRetry = changing('retry', 'try messages that wait at once, whatever pause their host has')
export const queueHold = changing(
  'hold',
  'try nothing of messages that wait, restarts included, until they are released',
)
export const queueRelease = changing('release', 'let go of messages that are held')
export const queueBounce = changing('bounce', 'give messages up, and tell their senders')
export const queuePurge = changing('purge', 'give messages up, and tell nobody')

/** The numbers of messages on the command line. @throws {UsageError} */
export function readIds(words: readonly string[]): number[] {
  return words
    .flatMap((word) => word.split(','))
    .map((word) => {
      const id = Number(word)
      if (Number.isSafeInteger(id) && id > 0) return id
      throw new UsageError(`${JSON.stringify(word)} is no number of a message`)
    })
}

function changing(change: keyof typeof done, summary: string) {
  return defineCommand({
    name: `queue ${change}`,
    summary: `operator: ${summary}`,
    positionals: [{ name: 'IDS', description: 'numbers of messages, with commas between them', required: false }],
    options: {
      ...operatorOptions,
      all: { kind: 'switch', description: 'all that waits' },
      'to-host': { kind: 'text', value: 'KEY', description: 'all that waits for that host' },
      sender: { kind: 'text', value: 'KEY', description: 'all that waits of that sender' },
    },
    async run({ options, positionals }, io) {
      const client = operate(options, io.env)
      const { all, 'to-host': host, sender } = options
      if ([positionals.length > 0, all, host !== undefined, sender !== undefined].filter(Boolean).length !== 1) {
        throw new UsageError(`queue ${change}: give IDS, --to-host, --sender or --all, and one of them`)
      }
      const filter = {
        ...(host === undefined ? {} : { host: readKey('--to-host', host) }),
        ...(sender === undefined ? {} : { sender: readKey('--sender', sender) }),
      }
      const ids =
        positionals.length > 0
          ? readIds(positionals)
          : (await collect(client.messages(filter, { signal: io.signal }))).map(({ id }) => id)
      let changed = 0
      for (let at = 0; at < ids.length; at += mostAtOnce) {
        const step = { ids: ids.slice(at, at + mostAtOnce), change }
        changed += (await client.call('change', step, { signal: io.signal })).changed
      }
      io.out(
        options.json ? JSON.stringify({ changed, of: ids.length }) : `${done[change]}: ${changed} of ${ids.length}`,
      )
      return changed === 0 && positionals.length > 0 ? exitCodes.refused : exitCodes.done
    },
  })
}
