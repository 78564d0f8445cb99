import type { Clock, DirectoryAnswer, DirectoryEntry, HostDirectory } from '@overpost/core'
import { lookupPhip, type IdentityKey, type Outpoint } from '@overpost/protocol'
import { askLookupNode } from './ask-lookup-node.ts'
import type { BeefProofs } from './beef-proofs.ts'
import { reasonOf } from './connection-fault.ts'

export interface OverlayHostDirectoryOptions {
  /** Base URLs of the operator's lookup hosts; all are asked each time. */
  readonly urls: readonly string[]
  /** After so long a lookup host counts as failed for this question. */
  readonly timeoutMs: number
  /** How long the others are waited for once there is a token, or once all that answer in time did. */
  readonly graceMs?: number
  /** Default: Node's own. */
  readonly fetch?: typeof fetch
}

/** A host that missed its deadline is waited for no longer than the grace for so long, or until it answers in time. */
const sluggishMs = 30_000

/**
 * Finds tokens on several lookup hosts, in union, and proves each by SPV. A host that fails, or whose proofs could not be
 * checked for want of block headers, says nothing: only when none is left is the answer `failed`, and an answer of nothing
 * waits for the hosts that are slow.
 */
export class OverlayHostDirectory implements HostDirectory {
  readonly #proofs: BeefProofs
  readonly #clock: Pick<Clock, 'nowMs'>
  readonly #urls: readonly string[]
  readonly #timeoutMs: number
  readonly #graceMs: number
  readonly #fetch: typeof fetch | undefined
  readonly #sluggishUntilMs = new Map<string, number>()

  constructor(proofs: BeefProofs, clock: Pick<Clock, 'nowMs'>, options: OverlayHostDirectoryOptions) {
    this.#proofs = proofs
    this.#clock = clock
    this.#urls = options.urls
    this.#timeoutMs = options.timeoutMs
    this.#graceMs = options.graceMs ?? 300
    this.#fetch = options.fetch
  }

  async find(user: IdentityKey, signal: AbortSignal): Promise<DirectoryAnswer> {
    if (this.#urls.length === 0) return { kind: 'failed', reason: 'no lookup host is configured' }
    const entries = new Map<Outpoint, DirectoryEntry>()
    const faults: string[] = []
    let answered = 0
    const end = new AbortController()
    const deadline = AbortSignal.timeout(this.#timeoutMs)
    const until = AbortSignal.any([signal, deadline, end.signal])
    const open = new Set(this.#urls)
    let grace: NodeJS.Timeout | undefined

    const asks = this.#urls.map(async (url) => {
      try {
        const query = { recipient: user, includeSpent: true, limit: 100 }
        const question = { service: lookupPhip, query, isWorthProving: () => true }
        const way = { proofs: this.#proofs, signal: until, fetch: this.#fetch }
        const found = await askLookupNode(url, question, way)
        if (end.signal.aborted) return
        answered += 1
        this.#sluggishUntilMs.delete(url)
        for (const entry of found) if (entries.get(entry.outpoint)?.spent !== true) entries.set(entry.outpoint, entry)
      } catch (error) {
        faults.push(`${new URL(url).host}: ${reasonOf(error)}`)
      }
      open.delete(url)
      const isEnough = entries.size > 0 || (answered > 0 && [...open].every((other) => this.#isSluggish(other)))
      if (isEnough) grace ??= setTimeout(() => end.abort(), this.#graceMs)
    })
    // A call that does not heed its signal is left behind.
    await Promise.race([Promise.all(asks), aborted(until)])
    clearTimeout(grace)
    if (deadline.aborted) {
      for (const url of open) this.#sluggishUntilMs.set(url, this.#clock.nowMs() + sluggishMs)
    }
    end.abort()
    if (signal.aborted) return { kind: 'failed', reason: 'aborted' }
    if (answered === 0) return { kind: 'failed', reason: faults.join('; ') || 'no lookup host answered in time' }
    return { kind: 'answered', entries: [...entries.values()] }
  }

  #isSluggish(url: string): boolean {
    return (this.#sluggishUntilMs.get(url) ?? 0) > this.#clock.nowMs()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
