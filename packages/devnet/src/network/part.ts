import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, createWriteStream, openSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { lifelineVariable } from './lifeline.ts'

/** How to start one process of the network. */
export interface PartPlan {
  /** For messages: `chain`, `overlay-1`, `host A`. */
  readonly name: string
  /** The program and its arguments. It prints one line of JSON when it is ready. */
  readonly command: readonly string[]
  /** Takes its standard error and what it prints after it is ready. Appended to. */
  readonly logFile: string
  readonly readyWithinMs: number
}

const stopWithinMs = 10_000

/** A process of the network that is ready. It ends when this process does, however that ends. */
export class Part {
  readonly name: string
  /** What it printed when it was ready. */
  readonly ready: unknown
  readonly pid: number
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>

  private constructor(name: string, child: ChildProcess, pid: number, ready: unknown, exited: Promise<unknown>) {
    this.name = name
    this.#child = child
    this.pid = pid
    this.ready = ready
    this.#exited = exited
  }

  /** Starts the process and waits until it is ready. @throws {Error} with the end of its log when it is not; it is then gone. */
  static async start(plan: PartPlan, signal: AbortSignal): Promise<Part> {
    const [program = '', ...args] = plan.command
    const log = openSync(plan.logFile, 'a', 0o600)
    const child = spawn(program, args, {
      stdio: ['pipe', 'pipe', log],
      detached: true, // Ctrl-C in a terminal reaches the starter alone, which then stops its parts in order
      env: partEnvironment(),
    })
    closeSync(log)
    const exited = once(child, 'close').catch(() => undefined)
    const { stdin, stdout } = child
    if (stdin === null || stdout === null) throw new Error(`${plan.name} has no pipes`)
    stdin.on('error', () => undefined) // the child may be gone before us
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(plan.readyWithinMs)])
    try {
      const ready = await firstLine(stdout, deadline)
      if (child.pid === undefined) throw new Error('it could not be started')
      const rest = stdout.pipe(createWriteStream(plan.logFile, { flags: 'a', mode: 0o600 }))
      // Gone means that its log is closed too, so that its folder can go.
      const gone = Promise.all([exited, finished(rest).catch(() => undefined)])
      return new Part(plan.name, child, child.pid, JSON.parse(ready), gone)
    } catch (error) {
      child.kill('SIGKILL')
      await exited
      const reason = signal.aborted ? 'interrupted' : error instanceof Error ? error.message : 'it failed'
      throw new Error(`${plan.name} did not start (${reason})${lastLines(plan.logFile)}`, { cause: error })
    }
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Resolves when the process is gone. */
  async exited(): Promise<void> {
    await this.#exited
  }

  /** Kills it at once, as kill -9 does. */
  async kill(): Promise<void> {
    this.#child.kill('SIGKILL')
    await this.#exited
  }

  /** Asks it to end, and after 10 s ends it. */
  async stop(): Promise<void> {
    if (!this.isRunning) return
    this.#child.kill('SIGTERM')
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), stopWithinMs)
    await this.#exited
    clearTimeout(hard)
  }
}

/** Ours without what configures hosts and nodes: only their files do. */
function partEnvironment(): NodeJS.ProcessEnv {
  const names = Object.keys(process.env).filter((name) => !/^(OVERPOST|OVERLAY)_/.test(name))
  return { ...Object.fromEntries(names.map((name) => [name, process.env[name]])), [lifelineVariable]: 'stdin' }
}

/** The first line that a process prints. @throws {Error} when it closes its output before one, or time is up. */
async function firstLine(output: Readable, deadline: AbortSignal): Promise<string> {
  const lines = createInterface({ input: output })
  const closed = new AbortController()
  lines.once('close', () => closed.abort())
  try {
    const [line] = (await once(lines, 'line', { signal: AbortSignal.any([deadline, closed.signal]) })) as [string]
    return line
  } catch (error) {
    throw new Error(deadline.aborted ? 'it was not ready in time' : 'it ended', { cause: error })
  } finally {
    lines.removeAllListeners('close')
    lines.close()
  }
}

function lastLines(file: string): string {
  const lines = readFileSync(file, 'utf8').trim().split('\n').slice(-8)
  return lines.join('') === '' ? '' : `; the end of ${file}:\n${lines.join('\n')}`
}
