import type { Proof } from '@overpost/protocol'
import type { Output } from '@bsv/overlay'
import type { AdmittanceInstructions } from '@bsv/sdk'

/** An output of a transaction. */
export interface Coin {
  readonly txid: string
  readonly outputIndex: number
}

/** What a token says, as lookups find it. Tokens of one topic with the same `hash` say the same. */
export interface Claim {
  readonly hash: Uint8Array
  readonly userKey: string | null
  readonly hostKey: string
  readonly origin: string
  readonly name: string | null
  /** When a permission was given, in Unix milliseconds; null when it does not say, or is none. */
  readonly issuedAtMs: number | null
  /** When permissions to `hostKey` (or `ALL`) were withdrawn; null: this is no withdrawal. */
  readonly withdrawnAtMs: number | null
}

/** What one topic decided about a transaction. */
export interface TopicDecision {
  readonly answer: AdmittanceInstructions
  readonly admitted: readonly Output[]
  readonly claims: ReadonlyMap<number, Claim>
  /** Coins of the topic that the transaction spends, known here or not. */
  readonly spent: readonly Coin[]
  readonly consumedBy: readonly { readonly coin: Coin; readonly by: readonly Coin[] }[]
}

/** A verified transaction with all that it changes. */
export interface AdmissionRecord {
  readonly txid: string
  /** The least BEEF that proves it. */
  readonly beef: Uint8Array
  /** Of the transaction's own block, or null. */
  readonly height: number | null
  /** The transactions in `beef` that have no proof. */
  readonly unproven: readonly string[]
  /** And those that have one. */
  readonly proofs: readonly Proof[]
  readonly inputs: readonly Coin[]
  readonly topics: ReadonlyMap<string, TopicDecision>
}
