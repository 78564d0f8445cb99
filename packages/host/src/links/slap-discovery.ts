import { backoffMs, type Clock, type NodeReputation, type Random } from '@overpost/core'
import { lookupSlap, verifyDiscoveryToken, type HostOrigin, type SignatureVerifier } from '@overpost/protocol'
import { askLookupNode } from './ask-lookup-node.ts'
import type { BeefProofs } from './beef-proofs.ts'
import { reasonOf } from './connection-fault.ts'

export interface SlapDiscoveryDeps {
  /** Nodes that are asked who answers which lookup: the operator's choice. */
  readonly trackers: readonly string[]
  readonly services: readonly string[]
  readonly fetch: typeof fetch
  readonly proofs: BeefProofs
  readonly verifier: SignatureVerifier
  readonly reputation: Pick<NodeReputation, 'isWorthy'>
  readonly clock: Clock
  readonly random: Random
  readonly allowHttp: boolean
  readonly everyMs: number
  readonly timeoutMs: number
  /** Told of each tracker that could not be asked. */
  readonly failed: (event: { url: string; reason: string }) => void
}

interface FoundNode {
  readonly origin: HostOrigin
  readonly seenAtMs: number
}

const mostNodes = 100
/** Of one identity: who wants more of them must at least make more keys. */
const mostPerIdentity = 2
/** A node that proved its worth is kept for so long though the trackers show it no more, as others may have crowded it out. */
const keptMs = 24 * 60 * 60 * 1000
const retry = { baseMs: 5_000, mostMs: 5 * 60 * 1000 }

/**
 * Finds the nodes that answer a lookup service (SLAP, BRC-88) from trackers, and verifies each token before its address is used. What
 * was found last is served while it is looked for anew, and when no tracker answers.
 */
export class SlapDiscovery {
  readonly #deps: SlapDiscoveryDeps
  readonly #found = new Map<string, readonly FoundNode[]>()

  constructor(deps: SlapDiscoveryDeps) {
    this.#deps = deps
  }

  /** Origins of nodes for `service`, as they are known now. */
  found(service: string): readonly HostOrigin[] {
    return (this.#found.get(service) ?? []).map(({ origin }) => origin)
  }

  /** Looks again every while; until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { services, trackers, clock, random, everyMs } = this.#deps
    if (trackers.length === 0) {
      await clock.until(null, signal)
      return
    }
    let failures = 0
    while (!signal.aborted) {
      const answered = await Promise.all(services.map((service) => this.refresh(service, signal)))
      failures = answered.every(Boolean) ? 0 : failures + 1
      const waitMs =
        failures === 0 ? everyMs * (0.75 + random.fraction() / 4) : backoffMs(failures, retry, random.fraction())
      await clock.until(clock.nowMs() + waitMs, signal)
    }
  }

  /** Asks all trackers once. False when none answered: what was known then stays. */
  async refresh(service: string, signal: AbortSignal): Promise<boolean> {
    const { trackers, timeoutMs, failed, clock } = this.#deps
    const tokens = new Map<string, { origin: HostOrigin; identityKey: string; spent: boolean }>()
    let answered = 0
    await Promise.all(
      trackers.map(async (url) => {
        try {
          const until = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)])
          for (const { outpoint, ...token } of await this.#ask(url, service, until)) {
            if (tokens.get(outpoint)?.spent !== true) tokens.set(outpoint, token)
          }
          answered += 1
        } catch (error) {
          if (!signal.aborted) failed({ url, reason: reasonOf(error) })
        }
      }),
    )
    if (answered === 0) return false
    const nowMs = clock.nowMs()
    const perIdentity = new Map<string, number>()
    const fresh = new Map<HostOrigin, FoundNode>()
    for (const { origin, identityKey, spent } of tokens.values()) {
      const count = perIdentity.get(identityKey) ?? 0
      if (spent || fresh.has(origin) || count >= mostPerIdentity) continue
      perIdentity.set(identityKey, count + 1)
      fresh.set(origin, { origin, seenAtMs: nowMs })
    }
    this.#found.set(
      service,
      this.#kept(
        service,
        fresh,
        new Set([...tokens.values()].filter(({ spent }) => spent).map(({ origin }) => origin)),
      ),
    )
    return true
  }

  /** The nodes that proved their worth first: a flood of new ones does not push them out. */
  #kept(service: string, fresh: ReadonlyMap<HostOrigin, FoundNode>, ended: ReadonlySet<HostOrigin>): FoundNode[] {
    const { reputation, clock } = this.#deps
    const oldestMs = clock.nowMs() - keptMs
    const known = (this.#found.get(service) ?? []).flatMap((node) => {
      const again = fresh.get(node.origin)
      if (again !== undefined) return [again]
      const isKept = reputation.isWorthy(node.origin) && node.seenAtMs > oldestMs && !ended.has(node.origin)
      return isKept ? [node] : []
    })
    const names = new Set(known.map(({ origin }) => origin))
    return [...known, ...[...fresh.values()].filter(({ origin }) => !names.has(origin))].slice(0, mostNodes)
  }

  async #ask(url: string, service: string, signal: AbortSignal) {
    const { verifier, allowHttp, proofs, fetch } = this.#deps
    const tokenOf = (script: Uint8Array) => {
      const verified = verifyDiscoveryToken(script, { verifier, allowHttp })
      if (!('token' in verified)) return null
      const { kind, name } = verified.token
      return kind === 'SLAP' && name === service ? verified.token : null
    }
    const question = {
      service: lookupSlap,
      query: { service, includeSpent: true, limit: 200 },
      isWorthProving: (script: Uint8Array) => tokenOf(script) !== null,
    }
    const entries = await askLookupNode(url, question, { proofs, signal, fetch })
    return entries.flatMap(({ outpoint, script, spent }) => {
      const token = tokenOf(script)
      return token === null ? [] : [{ outpoint, spent, origin: token.origin, identityKey: token.identityKey }]
    })
  }
}
