import type { Transport } from '@overpost/auth/session'
import {
  lookupPhip,
  parseBeef,
  proveTransaction,
  sdkHasher,
  type IdentityKey,
  type Outpoint,
  type ParsedBeef,
  type ProvenTransaction,
} from '@overpost/protocol'
import type { ChainTracker } from '@bsv/sdk'
import * as z from 'zod'
import { parseJson } from './call-host.ts'

/** An output that an overlay node showed and that SPV proves to be on chain, or on transactions that are. */
export interface ProvenOutput {
  readonly outpoint: Outpoint
  readonly script: Uint8Array
  /** A transaction, proven too, spends it. */
  readonly spent: boolean
  /** The block that holds it; null while it waits for one. */
  readonly height: number | null
}

export interface OverlayQuestion {
  readonly user: IdentityKey
  readonly chainTracker: ChainTracker
  readonly transport: Transport
  readonly signal: AbortSignal
  /** Outputs looked at; what lies beyond is ignored. */
  readonly mostOutputs: number
}

const maxAnswerBytes = 16 * 1024 * 1024
const byte = z.number().int().min(0).max(255)
const answerSchema = z.object({
  type: z.literal('output-list'),
  outputs: z.array(
    z.object({ beef: z.array(byte), outputIndex: z.number().int().min(0), context: z.array(byte).optional() }),
  ),
})

/**
 * Asks one overlay node which tokens name `user` (`ls_phip`, spent ones too), and leaves out what SPV does not prove. Whose
 * they are and what they say is not checked here. @throws {Error} the node or the header service does not answer, or not in the agreed form.
 */
export async function askOverlay(overlay: string, question: OverlayQuestion): Promise<ProvenOutput[]> {
  const { user, chainTracker, transport, signal, mostOutputs } = question
  const query = { service: lookupPhip, query: { user, includeSpent: true } }
  const { status, body } = await transport({
    method: 'POST',
    url: new URL('/lookup', overlay).href,
    headers: { 'content-type': 'application/json' },
    body: new TextEncoder().encode(JSON.stringify(query)),
    signal,
    maxAnswerBytes,
  })
  if (status !== 200) throw new Error(`it answers ${status}`)
  const answer = answerSchema.safeParse(parseJson(body))
  if (!answer.success) throw new Error('its answer is not an output list')
  const { outputs } = answer.data

  const proven: ProvenOutput[] = []
  for (const output of outputs.slice(0, mostOutputs)) {
    signal.throwIfAborted()
    const found = await proveOutput(output, chainTracker)
    if (found !== null) proven.push(found)
  }
  return proven
}

type Output = z.infer<typeof answerSchema>['outputs'][number]

async function proveOutput(
  { beef, outputIndex, context }: Output,
  chainTracker: ChainTracker,
): Promise<ProvenOutput | null> {
  const transaction = await proveSubject(beef, chainTracker)
  const script = transaction?.scripts[outputIndex]
  if (transaction === null || script === undefined) return null
  const outpoint = `${transaction.txid}.${outputIndex}` as Outpoint
  const spender = context === undefined ? null : await proveSubject(context, chainTracker)
  return { outpoint, script, spent: spender?.spends.has(outpoint) ?? false, height: transaction.height }
}

/** The transaction that a BEEF is about, when it proves it. */
async function proveSubject(bytes: number[], headers: ChainTracker): Promise<ProvenTransaction | null> {
  let beef: ParsedBeef
  try {
    beef = parseBeef(Uint8Array.from(bytes), sdkHasher)
  } catch {
    return null
  }
  return await proveTransaction(beef, beef.subject.txid, { headers, hasher: sdkHasher })
}
