import type { NodeReputation } from '@overpost/core'
import { lookupMessagebox, lookupPhip } from '@overpost/protocol'

/** What is asked about a user. */
export const lookupServices: readonly string[] = [lookupPhip, lookupMessagebox]

/** A lookup node, and the way to it: the operator's own choice, or somebody else's, behind the guard. */
export interface LookupNode {
  readonly url: string
  readonly fetch: typeof fetch
  /** Which of {@link lookupServices} it is asked. */
  readonly services: readonly string[]
}

export interface LookupNodesDeps {
  /** The nodes of the operator's configuration: always asked. */
  readonly configured: readonly string[]
  /** Those that others advertise for a service, as they are known now. */
  readonly found: (service: string) => readonly string[]
  readonly reputation: Pick<NodeReputation, 'choose'>
  /** Of those found, for one question. */
  readonly mostFound: number
  readonly chosenHere: typeof fetch
  readonly chosenByOthers: typeof fetch
}

/** Which lookup nodes are asked. */
export class LookupNodes {
  readonly #deps: LookupNodesDeps

  constructor(deps: LookupNodesDeps) {
    this.#deps = deps
  }

  /** All that are configured, and so many of those found, for each service. */
  forQuestion(): LookupNode[] {
    const { configured, found, reputation, mostFound, chosenHere, chosenByOthers } = this.#deps
    const services = new Map<string, string[]>()
    for (const service of lookupServices) {
      const others = found(service).filter((url) => !configured.includes(url))
      // Whoever is asked for one is asked for the other, where it answers that.
      const asked = others.filter((url) => services.has(url))
      const rest = others.filter((url) => !services.has(url))
      for (const url of [...asked, ...reputation.choose(rest, Math.max(0, mostFound - asked.length))]) {
        services.set(url, [...(services.get(url) ?? []), service])
      }
    }
    return [
      ...configured.map((url) => ({ url, fetch: chosenHere, services: lookupServices })),
      ...[...services].map(([url, ofNode]) => ({ url, fetch: chosenByOthers, services: ofNode })),
    ]
  }
}
