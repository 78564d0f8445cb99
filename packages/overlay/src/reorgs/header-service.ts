import type { HttpClient } from '@bsv/sdk'
import * as z from 'zod'

/** The longest chain, as a Block Headers Service shows it. */
export interface HeaderService {
  /** The last block. */
  tip(): Promise<{ readonly height: number; readonly hash: string }>
  /** The Merkle roots of the blocks from `height` on, at most `count`, as many as there are. */
  roots(height: number, count: number): Promise<readonly string[]>
}

const hash = z.string().regex(/^[0-9a-f]{64}$/i)
const tipAnswer = z.object({ height: z.number().int().min(0), header: z.object({ hash }) })
const headersAnswer = z.array(z.object({ merkleRoot: hash })).max(2_000)

/**
 * The header service over HTTP: `GET /api/v1/chain/tip/longest`, `GET /api/v1/chain/header/byHeight`.
 * @throws {Error} when it does not answer, or not in that form
 */
export function httpHeaderService(
  url: string,
  { httpClient, apiKey }: { httpClient: HttpClient; apiKey: string },
): HeaderService {
  const headers = { Accept: 'application/json', Authorization: `Bearer ${apiKey}` }
  const get = (path: string): Promise<{ ok: boolean; status: number; data: unknown }> =>
    httpClient.request<unknown>(`${url}${path}`, { headers })
  return {
    async tip() {
      const { ok, status, data } = await get('/api/v1/chain/tip/longest')
      if (!ok) throw new Error(`the header service answers ${status} for the tip`)
      const { height, header } = tipAnswer.parse(data)
      return { height, hash: header.hash }
    },
    async roots(height, count) {
      const range = `height=${height}&count=${count}`
      const { ok, status, data } = await get(`/api/v1/chain/header/byHeight?${range}`)
      if (status === 400 || status === 404) return [] // nothing at these heights
      if (!ok) throw new Error(`the header service answers ${status} for ${range}`)
      return headersAnswer.parse(data).map(({ merkleRoot }) => merkleRoot.toLowerCase())
    },
  }
}
