import { BlockHeadersService, FetchHttpClient, type ChainTracker } from '@bsv/sdk'

/** A chain tracker on a block headers service (bitcoin-sv/block-headers-service); each question ends within `timeoutMs`. */
export function headerServiceTracker(
  url: string,
  { timeoutMs = 10_000, apiKey }: { readonly timeoutMs?: number; readonly apiKey?: string } = {},
): ChainTracker {
  const httpClient = new FetchHttpClient((address, options) =>
    fetch(address, { ...options, redirect: 'error', signal: AbortSignal.timeout(timeoutMs) }),
  )
  return new BlockHeadersService(url.replace(/\/+$/, ''), { httpClient, ...(apiKey === undefined ? {} : { apiKey }) })
}
