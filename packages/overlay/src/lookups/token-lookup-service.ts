import { numbersOf } from '@overpost/protocol'
import type { LookupFormula, LookupService, OutputAdmittedByTopic } from '@bsv/overlay'
import type { LookupQuestion } from '@bsv/sdk'
import type { Claim, Coin } from '../storage/admission-record.ts'
import type { ClaimFilter } from '../storage/find-claims.ts'
import type { OverlayStore } from '../storage/overlay-store.ts'

type MetaData = Awaited<ReturnType<LookupService['getMetaData']>>

/** What makes a lookup service: the topic that it indexes, how it reads tokens, how it reads questions. */
export interface TokenLookup {
  readonly topic: string
  /** What an admitted script says; null when it is none of this service's tokens. */
  readonly claimOf: (script: Uint8Array) => Claim | null
  /** @throws {RelayError} ERR_INVALID_PARAMETERS */
  readonly parseQuery: (query: unknown) => ClaimFilter
  readonly metaData: MetaData
  readonly documentation: string
}

/** An answer holds fewer outputs than asked for rather than more than this; the caller goes on with `skip`. */
const maxAnswerBytes = 2 * 1024 * 1024

/** Where claims of newly admitted outputs go: into the admission that is being made. */
export type ClaimSink = (topic: string, outputIndex: number, claim: Claim) => void

/**
 * A lookup service over the store's index. It holds no state: claims go into the same transaction as the outputs, and whether an output
 * is spent is read from the store, so it drops spent outputs even though the Engine's `lookup` does not.
 */
export class TokenLookupService implements LookupService {
  readonly admissionMode = 'locking-script'
  /** The Engine's mode `script` fails for the first input; nothing is needed here anyway. */
  readonly spendNotificationMode = 'none'
  readonly #lookup: TokenLookup
  readonly #store: Pick<OverlayStore, 'findClaims' | 'findSpend' | 'evict'>
  readonly #sink: ClaimSink

  constructor(
    lookup: TokenLookup,
    store: Pick<OverlayStore, 'findClaims' | 'findSpend' | 'evict'>,
    sink: ClaimSink = refuseClaims,
  ) {
    this.#lookup = lookup
    this.#store = store
    this.#sink = sink
  }

  outputAdmittedByTopic(payload: OutputAdmittedByTopic): void {
    if (payload.mode !== 'locking-script' || payload.topic !== this.#lookup.topic) return
    const claim = this.#lookup.claimOf(Uint8Array.from(payload.lockingScript.toBinary()))
    if (claim !== null) this.#sink(payload.topic, payload.outputIndex, claim)
  }

  outputEvicted(txid: string, outputIndex: number): void {
    this.#store.evict({ txid, outputIndex })
  }

  lookup({ query }: LookupQuestion): Promise<LookupFormula> {
    const { topic, parseQuery } = this.#lookup
    const matches = this.#store.findClaims(topic, parseQuery(query))
    const formula: LookupFormula = []
    let bytes = 0
    for (const { txid, outputIndex, spent, beefBytes } of matches) {
      const context = spent ? this.#spendingBeef({ txid, outputIndex }) : undefined
      bytes += beefBytes + (context?.length ?? 0)
      if (formula.length > 0 && bytes > maxAnswerBytes) break
      formula.push({ txid, outputIndex, ...(context === undefined ? {} : { context }) })
    }
    return Promise.resolve(formula)
  }

  getDocumentation(): Promise<string> {
    return Promise.resolve(this.#lookup.documentation)
  }

  getMetaData(): Promise<MetaData> {
    return Promise.resolve({ ...this.#lookup.metaData })
  }

  #spendingBeef(coin: Coin): number[] | undefined {
    const spend = this.#store.findSpend(this.#lookup.topic, coin)
    return spend === null ? undefined : numbersOf(spend.beef)
  }
}

function refuseClaims(): never {
  throw new Error('outputs are admitted by OverlayEngine.submit only')
}
