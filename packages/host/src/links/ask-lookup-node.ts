import { setImmediate as nextTurn } from 'node:timers/promises'
import type { DirectoryEntry } from '@overpost/core'
import type { Outpoint, ParsedBeef, ProvenTransaction } from '@overpost/protocol'
import { readBeef, spenderOf, type BeefProofs } from './beef-proofs.ts'
import { cappedFetch } from './capped-fetch.ts'
import { parseLookupAnswer, type LookupOutput } from './lookup-answer.ts'

export interface LookupQuestion {
  readonly service: string
  readonly query: Readonly<Record<string, unknown>>
  /** Asked of each output before anything is proven: what it says no to costs no SPV, and is left out. */
  readonly isWorthProving: (script: Uint8Array) => boolean
}

export interface LookupWay {
  readonly proofs: BeefProofs
  readonly signal: AbortSignal
  /** Default: Node's own. */
  readonly fetch: typeof fetch | undefined
}

const mostOutputs = 256
/** Transactions of one answer that wait for their blocks. */
const mostUnmined = 8
const maxAnswerBytes = 2 * 1024 * 1024

/**
 * The outputs that a lookup node shows and SPV proves, checked cheapest first: size and form of the answer, then what the scripts
 * say, then the proofs.
 * @throws {Error} when the node cannot be asked, or answers something else; {HeadersUnavailable}, which says nothing of the node
 */
export async function askLookupNode(url: string, question: LookupQuestion, way: LookupWay): Promise<DirectoryEntry[]> {
  const { service, query, isWorthProving } = question
  const answer = await cappedFetch(`${url}/lookup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-aggregation': 'yes' },
    body: JSON.stringify({ service, query }),
    signal: way.signal,
    maxAnswerBytes,
    fetch: way.fetch,
  })
  if (answer.status !== 200) throw new Error(`status ${answer.status}`)
  const budget = new ProofBudget(way)
  const beefs = new Map<Uint8Array, ParsedBeef | null>()
  const entries: DirectoryEntry[] = []
  for (const output of parseLookupAnswer(answer.contentType, answer.body, mostOutputs)) {
    way.signal.throwIfAborted()
    let beef = beefs.get(output.beef)
    if (beef === undefined) beefs.set(output.beef, (beef = readBeef(output.beef)))
    const txid = output.txid ?? beef?.subject.txid
    const script = beef?.transactions.get(txid ?? '')?.lockingScripts[output.outputIndex]
    if (beef === null || txid === undefined || script === undefined || !isWorthProving(script)) continue
    const proven = await budget.prove(beef, txid)
    const spent = proven === null ? null : await isSpent(txid, output, budget)
    if (proven === null || spent === null) continue
    entries.push({ outpoint: `${txid}.${output.outputIndex}` as Outpoint, script, spent, spends: proven.spends })
  }
  return entries
}

/** Null: it cannot be told, as the budget is used up. A spend that is not proven is none. */
async function isSpent(
  txid: string,
  { context, outputIndex }: LookupOutput,
  budget: ProofBudget,
): Promise<boolean | null> {
  const beef = context === null ? null : readBeef(context)
  const spender = beef === null ? null : spenderOf(beef, txid, outputIndex)
  if (beef === null || spender === null) return false
  const proven = await budget.prove(beef, spender)
  if (proven === null && budget.isUsedUp) return null
  return proven?.spends.has(`${txid}.${outputIndex}`) ?? false
}

/**
 * Proves what one answer holds. A transaction with a Merkle path costs a few hashes; one that waits for its block must be run with all
 * that it rests on, tens of milliseconds at worst: only so many of one answer are, and others get a turn between them.
 */
class ProofBudget {
  readonly #way: LookupWay
  #left = mostUnmined

  constructor(way: LookupWay) {
    this.#way = way
  }

  get isUsedUp(): boolean {
    return this.#left < 0
  }

  /** Null when the BEEF does not prove it, and once the budget is used up. */
  async prove(beef: ParsedBeef, txid: string): Promise<ProvenTransaction | null> {
    const { proofs, signal } = this.#way
    if (!beef.bumps.has(txid) && !proofs.remembers(txid)) {
      this.#left = Math.max(-1, this.#left - 1)
      if (this.#left < 0) return null
      await nextTurn()
      signal.throwIfAborted()
    }
    return await proofs.prove(beef, txid)
  }
}
