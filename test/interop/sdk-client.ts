import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'

/** A host's answer, as the other SDK gives it to its caller. */
export interface SdkAnswer {
  readonly status: number
  readonly body: Readonly<Record<string, unknown>>
}

const answerWithinMs = 40_000

/** One client of another SDK: a process that makes authenticated requests, one after the other, in sessions that it keeps. */
export class SdkClient implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #answers: AsyncIterator<string, undefined>
  readonly #ended: Promise<unknown>
  #said = ''

  constructor([program = '', ...args]: readonly string[], privateKey: string) {
    this.#child = spawn(program, [...args, privateKey], { stdio: ['pipe', 'pipe', 'pipe'] })
    this.#ended = once(this.#child, 'close').catch(() => undefined)
    this.#child.stdin!.on('error', () => undefined)
    this.#child
      .stderr!.setEncoding('utf8')
      .on('data', (text: string) => (this.#said = (this.#said + text).slice(-4_000)))
    this.#answers = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]()
  }

  /** @throws {Error} what the SDK says instead of an answer */
  async post(url: string, body: object): Promise<SdkAnswer> {
    this.#child.stdin!.write(`${JSON.stringify({ method: 'POST', url, body })}\n`)
    const late = setTimeout(() => this.#child.kill('SIGKILL'), answerWithinMs)
    const { value, done } = await this.#answers.next()
    clearTimeout(late)
    if (done === true) throw new Error(`the client ended; it said: ${this.#said}`)
    const answer = JSON.parse(value) as { error?: string; status: number; body: Record<string, unknown> }
    if (answer.error !== undefined) throw new Error(answer.error)
    return answer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.stdin!.end()
    const hard = setTimeout(() => this.#child.kill('SIGKILL'), 5_000)
    await this.#ended
    clearTimeout(hard)
  }
}
