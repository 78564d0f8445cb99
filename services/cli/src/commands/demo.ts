import { startNetwork } from '@overpost/devnet/network'
import { defineCommand } from '../command.ts'
import { castOf } from '../demo/cast.ts'
import { Story } from '../demo/story.ts'
import { tellStory } from '../demo/tell-story.ts'
import { exitCodes } from '../io.ts'
import { thingsToTry } from '../things-to-try.ts'
import { untilAborted } from '../until-aborted.ts'

export const demo = defineCommand({
  name: 'demo',
  summary: 'show the whole network on this machine: a story with a kill -9, forgeries and a move, each step checked',
  positionals: [],
  options: {
    once: { kind: 'switch', description: 'end when the story is told; else stay up, to try things by hand' },
    dir: {
      kind: 'text',
      value: 'DIR',
      description: 'where to keep everything; without it a folder that is removed at the end',
    },
  },
  notes: ['Exit code 0 only when every step was checked by reading it back; 1 names the step that was not.'],
  async run({ options }, io) {
    const story = new Story(io.out)
    story.begin('Starting a local chain, two overlay nodes and three hosts')
    try {
      await using network = await startNetwork({
        hosts: 3,
        overlays: 2,
        command: io.self,
        signal: io.signal,
        onReady: ({ name, url, pid }) => story.say(`${name.padEnd(10)} ${url}  pid ${pid}  (${story.seconds} s)`),
        ...(options.dir === undefined ? {} : { dir: options.dir }),
      })
      await tellStory(castOf({ story, network, signal: io.signal }))
      io.out('')
      io.out(`Done: ${story.checks} checks in ${story.seconds} s, every one read back.`)
      if (!options.once) {
        io.out('')
        for (const line of thingsToTry(network.dir)) io.out(line)
        await untilAborted(io.signal)
      }
      return exitCodes.done
    } catch (error) {
      if (io.signal.aborted) io.err('overpost: interrupted')
      else
        io.err(
          `overpost: the demo failed at "${story.chapter}": ${error instanceof Error ? error.message : String(error)}`,
        )
      return exitCodes.refused
    }
  },
})
