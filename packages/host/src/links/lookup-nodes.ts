import type { NodeReputation } from '@overpost/core'

/** A lookup node, and the way to it: the operator's own choice, or somebody else's, behind the guard. */
export interface LookupNode {
  readonly url: string
  readonly fetch: typeof fetch
  readonly isChosenHere: boolean
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

  /** All that are configured, and so many of those found. */
  forQuestion(service: string): LookupNode[] {
    const { configured, found, reputation, mostFound, chosenHere, chosenByOthers } = this.#deps
    const others = found(service).filter((url) => !configured.includes(url))
    return [
      ...configured.map((url) => ({ url, fetch: chosenHere, isChosenHere: true })),
      ...reputation.choose(others, mostFound).map((url) => ({ url, fetch: chosenByOthers, isChosenHere: false })),
    ]
  }
}
