/** A step of the demo did not come out as it should. */
export class StoryError extends Error {
  override readonly name = 'StoryError'
}

/** Tells what happens, as it happens, and how long it took; knows the step that is being told. */
export class Story {
  readonly #out: (line: string) => void
  readonly #startedAtMs = performance.now()
  #checks = 0
  #chapter = 'set-up'

  constructor(out: (line: string) => void) {
    this.#out = out
  }

  /** The step that is being told. */
  get chapter(): string {
    return this.#chapter
  }

  get checks(): number {
    return this.#checks
  }

  get seconds(): string {
    return ((performance.now() - this.#startedAtMs) / 1000).toFixed(1)
  }

  begin(chapter: string): void {
    this.#chapter = chapter
    this.#out('')
    this.#out(`[${this.seconds.padStart(5)} s] ${chapter}`)
  }

  say(line: string): void {
    this.#out(`          ${line}`)
  }

  /** Says what was read back, or ends the story. @throws {StoryError} when it is not so */
  check(isSo: boolean, what: string): void {
    if (!isSo) throw new StoryError(`not so: ${what}`)
    this.#checks += 1
    this.#out(`        ✓ ${what}`)
  }
}

/** A key, a txid or an outpoint, shortened for reading. */
export function short(hex: string): string {
  const [digits = '', vout] = hex.split('.')
  return `${digits.slice(0, 8)}..${digits.slice(-4)}${vout === undefined ? '' : `.${vout}`}`
}

/** How long `work` takes, in whole milliseconds, and what it gives. */
export async function timed<T>(work: () => Promise<T>): Promise<{ value: T; ms: number }> {
  const startedAtMs = performance.now()
  const value = await work()
  return { value, ms: Math.round(performance.now() - startedAtMs) }
}
