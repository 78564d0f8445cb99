import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

/** `overpost`, as users run it. */
export const overpost: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL('../../../services/cli/dist/main.js', import.meta.url)),
]

const stopWithinMs = 15_000

/** A program of ours that has said, by one line of JSON, that it is ready. It ends when this process does. */
export class ReadyProcess<Ready> implements AsyncDisposable {
  readonly ready: Ready
  readonly #child: ChildProcess
  readonly #pid: number
  readonly #exited: Promise<unknown>

  private constructor(child: ChildProcess, pid: number, ready: Ready, exited: Promise<unknown>) {
    this.#child = child
    this.#pid = pid
    this.ready = ready
    this.#exited = exited
  }

  /** @throws {Error} with the end of its log when it ends before it is ready, or is not ready in time */
  static async start<Ready extends object>(
    command: readonly string[],
    logFile: string,
    { readyWithinMs = 90_000, env = {} }: { readonly readyWithinMs?: number; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<ReadyProcess<Ready>> {
    const [program = '', ...args] = command
    const log = openSync(logFile, 'a', 0o600)
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', log],
      env: { ...process.env, ...env, OVERPOST_LIFELINE: 'stdin' },
    })
    closeSync(log)
    const exited = once(child, 'close').catch(() => undefined)
    child.stdin!.on('error', () => undefined)
    try {
      const [line] = (await Promise.race([
        once(createInterface({ input: child.stdout! }), 'line', { signal: AbortSignal.timeout(readyWithinMs) }),
        exited.then(() => Promise.reject(new Error('it ended'))),
      ])) as [string]
      child.stdout!.resume()
      const ready = JSON.parse(line) as Ready
      // A program that runs another one, as strace does, is ended by ending the other one.
      const pid = 'pid' in ready && typeof ready.pid === 'number' ? ready.pid : child.pid!
      return new ReadyProcess(child, pid, ready, exited)
    } catch (cause) {
      child.kill('SIGKILL')
      await exited
      const tail = readFileSync(logFile, 'utf8').split('\n').slice(-12).join('\n')
      throw new Error(`${args.slice(1).join(' ')} did not start; its log ends:\n${tail}`, { cause })
    }
  }

  /** Ends it with SIGTERM, and the hard way after 15 s. */
  async [Symbol.asyncDispose](): Promise<void> {
    signal(this.#pid, 'SIGTERM')
    const hard = setTimeout(() => {
      signal(this.#pid, 'SIGKILL')
      this.#child.kill('SIGKILL')
    }, stopWithinMs)
    await this.#exited
    clearTimeout(hard)
  }
}

/** Sends a signal to a process that may be gone. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Resolves when a process is gone. */
export async function gone(pid: number): Promise<void> {
  await until(`the end of process ${pid}`, () => {
    try {
      process.kill(pid, 0)
      return false
    } catch {
      return true
    }
  })
}
