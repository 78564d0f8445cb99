import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { text } from 'node:stream/consumers'
import { overpost } from './child-process.ts'

export interface Outcome {
  readonly code: number | null
  readonly out: string
  readonly err: string
}

/** Runs `overpost` as users do, to its end. */
export async function runOverpost(...argv: readonly string[]): Promise<Outcome> {
  const [program = '', ...args] = [...overpost, ...argv]
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  return { code, out, err }
}
