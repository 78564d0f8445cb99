import type { DirectoryEntry } from '@overpost/core'
import type { Outpoint, ParsedBeef } from '@overpost/protocol'
import { HeadersUnavailable, readBeef, spenderOf, type BeefProofs } from './beef-proofs.ts'
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
  const beefs = new Map<Uint8Array, ParsedBeef | null>()
  const entries: DirectoryEntry[] = []
  for (const output of parseLookupAnswer(answer.contentType, answer.body, mostOutputs)) {
    way.signal.throwIfAborted()
    let beef = beefs.get(output.beef)
    if (beef === undefined) beefs.set(output.beef, (beef = readBeef(output.beef)))
    const txid = output.txid ?? beef?.subject.txid
    const script = beef?.transactions.get(txid ?? '')?.lockingScripts[output.outputIndex]
    if (beef === null || txid === undefined || script === undefined || !isWorthProving(script)) continue
    const proven = await way.proofs.prove(beef, txid)
    if (proven === null) continue
    const outpoint = `${txid}.${output.outputIndex}` as Outpoint
    entries.push({ outpoint, script, spent: await isSpent(txid, output, way.proofs), spends: proven.spends })
  }
  return entries
}

async function isSpent(txid: string, { context, outputIndex }: LookupOutput, proofs: BeefProofs): Promise<boolean> {
  const beef = context === null ? null : readBeef(context)
  const spender = beef === null ? null : spenderOf(beef, txid, outputIndex)
  if (beef === null || spender === null) return false
  try {
    return (await proofs.prove(beef, spender))?.spends.has(`${txid}.${outputIndex}`) ?? false
  } catch (error) {
    if (error instanceof HeadersUnavailable) throw error
    return false
  }
}
