import { MerklePath, Transaction, type Broadcaster, type HttpClient } from '@bsv/sdk'
import { RelayError } from '@overpost/protocol'
import * as z from 'zod'
import { broadcastOrThrow } from '../broadcast.ts'

/**
 * Where a transaction is: in a block, with its path; waiting for one; replaced by another one that spends what it spends; or the network
 * refuses it, or nobody can say.
 */
export type TransactionStatus =
  | { readonly kind: 'mined'; readonly path: MerklePath }
  | { readonly kind: 'waiting' | 'replaced' | 'refused' | 'unknown' }

/** Asks the network. `raw` gives the transaction's bytes, or null: it is broadcast again when the network forgot it. */
export type AskStatus = (txid: string, raw: () => Uint8Array | null) => Promise<TransactionStatus>

const maxCompeting = 5
const answer = z.object({
  txStatus: z.string().catch(''),
  merklePath: z.string().max(20_000).nullish(),
  competingTxs: z
    .array(z.string().regex(/^[0-9a-f]{64}$/i))
    .nullish()
    .catch(null),
})

/**
 * Asks ARC (`GET /v1/tx/:txid`). It never rejects. Paths are not checked here: whoever takes them does. A double spend is decided only when the
 * competing transaction is in a block of `isOnChain`.
 */
export function arcTransactionStatus(
  url: string,
  {
    httpClient,
    apiKey,
    broadcaster,
    isOnChain,
  }: {
    httpClient: HttpClient
    apiKey: string | undefined
    broadcaster: Broadcaster
    isOnChain: (root: string, height: number) => Promise<boolean>
  },
): AskStatus {
  const headers = {
    Accept: 'application/json',
    ...(apiKey === undefined ? {} : { Authorization: `Bearer ${apiKey}` }),
  }
  const ask = async (txid: string) => {
    const response: { ok: boolean; status: number; data: unknown } = await httpClient.request<unknown>(
      `${url}/v1/tx/${txid}`,
      { headers },
    )
    const { ok, status, data } = response
    if (!ok && status !== 404) throw new Error(`ARC answers ${status}`)
    return ok ? answer.parse(data) : null
  }
  const isMined = async (txid: string): Promise<boolean> => {
    const found = await ask(txid)
    const path = found === null ? null : pathIn(found.merklePath)
    return path !== null && isOnChain(path.computeRoot(txid), path.blockHeight)
  }
  const again = async (raw: Uint8Array | null): Promise<TransactionStatus> => {
    if (raw === null) return { kind: 'unknown' }
    try {
      await broadcastOrThrow(broadcaster, Transaction.fromBinary(Array.from(raw)))
      return { kind: 'waiting' }
    } catch (error) {
      return { kind: error instanceof RelayError && error.code === 'ERR_INVALID_PARAMETERS' ? 'refused' : 'unknown' }
    }
  }
  return async (txid, raw) => {
    try {
      const found = await ask(txid)
      if (found === null) return await again(raw())
      const path = pathIn(found.merklePath)
      const txStatus = found.txStatus.toUpperCase()
      if (txStatus === 'REJECTED') return { kind: 'refused' }
      if (txStatus === 'DOUBLE_SPEND_ATTEMPTED') {
        for (const other of (found.competingTxs ?? []).slice(0, maxCompeting)) {
          if (await isMined(other)) return { kind: 'replaced' }
        }
        return { kind: 'waiting' }
      }
      if (path !== null && txStatus !== 'MINED_IN_STALE_BLOCK') return { kind: 'mined', path }
      return { kind: 'waiting' }
    } catch {
      return { kind: 'unknown' }
    }
  }
}

function pathIn(hex: string | null | undefined): MerklePath | null {
  if (hex === null || hex === undefined || hex === '') return null
  try {
    return MerklePath.fromHex(hex)
  } catch {
    return null
  }
}
