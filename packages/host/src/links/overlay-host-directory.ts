import type { Clock, DirectoryAnswer, DirectoryEntry, HostDirectory, NodeReputation, Sieve } from '@overpost/core'
import { lookupPhip, type IdentityKey, type Outpoint } from '@overpost/protocol'
import { askLookupNode } from './ask-lookup-node.ts'
import type { BeefProofs } from './beef-proofs.ts'
import { reasonOf } from './connection-fault.ts'
import { lookupServices, type LookupNode } from './lookup-nodes.ts'

export interface OverlayHostDirectoryDeps {
  readonly proofs: BeefProofs
  readonly clock: Pick<Clock, 'nowMs'>
  /** The nodes for one question; all of them are asked. */
  readonly nodes: () => readonly LookupNode[]
  readonly reputation: Pick<NodeReputation, 'answered' | 'failed' | 'isWaitedFor'>
  /** There will never be a node. Left out: there may be. */
  readonly isBlind?: boolean
  /** After so long a lookup host counts as failed for this question. */
  readonly timeoutMs: number
  /** How long the others are waited for once there is a token, or once all that answer in time did. */
  readonly graceMs?: number
}

interface Answered {
  readonly node: LookupNode
  readonly tookMs: number
  readonly shown: ReadonlySet<Outpoint>
}

const mostShown = 100

/**
 * Finds tokens on several lookup hosts, in union, and proves each by SPV. A host that fails, or whose proofs could not be
 * checked for want of block headers, says nothing: only when none is left is the answer `failed`, and an answer of nothing
 * waits for the hosts that are not known to be slow.
 */
export class OverlayHostDirectory implements HostDirectory {
  readonly isBlind: boolean
  readonly #deps: OverlayHostDirectoryDeps

  constructor(deps: OverlayHostDirectoryDeps) {
    this.#deps = deps
    this.isBlind = deps.isBlind ?? false
  }

  async find(user: IdentityKey, makeSieve: () => Sieve, signal: AbortSignal): Promise<DirectoryAnswer> {
    const { clock, reputation, timeoutMs, graceMs = 300 } = this.#deps
    const nodes = this.#deps.nodes()
    if (nodes.length === 0) return { kind: 'failed', reason: 'no lookup host is known' }
    const entries = new Map<Outpoint, DirectoryEntry>()
    const answers: Answered[] = []
    const faults: string[] = []
    const end = new AbortController()
    const deadline = AbortSignal.timeout(timeoutMs)
    const until = AbortSignal.any([signal, deadline, end.signal])
    const open = new Set(nodes)
    const startMs = clock.nowMs()
    let grace: NodeJS.Timeout | undefined

    const asks = nodes.map(async (node) => {
      try {
        const found = await this.#ask(node, user, makeSieve, until)
        if (end.signal.aborted) return
        const shown = new Set(found.map(({ outpoint }) => outpoint))
        answers.push({ node, tookMs: clock.nowMs() - startMs, shown })
        for (const entry of found) if (entries.get(entry.outpoint)?.spent !== true) entries.set(entry.outpoint, entry)
      } catch (error) {
        if (end.signal.aborted || signal.aborted) return
        faults.push(`${new URL(node.url).host}: ${reasonOf(error)}`)
        if (!deadline.aborted) reputation.failed(node.url)
      }
      open.delete(node)
      const isQuiet =
        answers.some(({ node: { services } }) => services.includes(lookupPhip)) &&
        [...open].every(({ url }) => !reputation.isWaitedFor(url))
      if (entries.size > 0 || isQuiet) grace ??= setTimeout(() => end.abort(), graceMs)
    })
    // A call that does not heed its signal is left behind.
    await Promise.race([Promise.all(asks), aborted(until)])
    clearTimeout(grace)
    if (deadline.aborted) for (const { url } of open) reputation.failed(url)
    end.abort()
    if (signal.aborted) return { kind: 'failed', reason: 'aborted' }
    const whole = answers.filter(({ node: { services } }) => services.includes(lookupPhip))
    if (whole.length === 0) return { kind: 'failed', reason: faults.join('; ') || 'no lookup host answered in time' }
    for (const { node, tookMs, shown } of answers) {
      // A node of anointings only cannot know the rest.
      const isJudged = whole.length > 1 && entries.size > 0 && node.services.length === lookupServices.length
      const knewAll = isJudged ? shown.size === entries.size : null
      reputation.answered(node.url, { tookMs, knewAll })
    }
    return { kind: 'answered', entries: [...entries.values()] }
  }

  /** What a node shows of the user, by each service that it is asked. */
  async #ask(
    { url, fetch, services }: LookupNode,
    user: IdentityKey,
    makeSieve: () => Sieve,
    signal: AbortSignal,
  ): Promise<DirectoryEntry[]> {
    const way = { proofs: this.#deps.proofs, signal, fetch }
    const shown = await Promise.all(
      services.map((service) => {
        const who = service === lookupPhip ? { recipient: user } : { identityKey: user }
        const query = { ...who, includeSpent: true, limit: mostShown }
        const asked = askLookupNode(url, { service, query, isWorthProving: makeSieve() }, way)
        // One that does not know of anointings is none the worse for it.
        return service !== lookupPhip && services.includes(lookupPhip) ? asked.catch(() => []) : asked
      }),
    )
    return shown.flat()
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve()
    else signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
