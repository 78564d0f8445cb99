import type { ARC } from '@bsv/sdk'
import type { OverlayConfig } from '../config.ts'
import type { OverlayEngine } from '../overlay-engine.ts'
import type { HeaderChain } from '../spv/header-chain.ts'
import { limitedHttpClient } from '../spv/limited-http-client.ts'
import { ChainFollower, type ChainFollowerParts } from './chain-follower.ts'
import { httpHeaderService } from './header-service.ts'
import { arcTransactionStatus } from './transaction-status.ts'

export interface FollowedParts extends Pick<ChainFollowerParts, 'store' | 'onChange' | 'log'> {
  readonly headers: HeaderChain
  readonly engine: OverlayEngine
  readonly broadcaster: ARC | null
  /** How header service and ARC are called. */
  readonly fetch: typeof fetch
}

const maxAnswerBytes = 1024 * 1024

/** The follower that a node's configuration asks for. */
export function configuredFollower(
  { headers: service, arc, reorgs }: OverlayConfig,
  { store, headers, engine, broadcaster, fetch: call, onChange, log }: FollowedParts,
): ChainFollower {
  const clientWithin = (timeoutMs: number) => limitedHttpClient({ timeoutMs, maxAnswerBytes, fetch: call })
  const askStatus =
    arc.url === undefined || broadcaster === null
      ? null
      : arcTransactionStatus(arc.url, {
          httpClient: clientWithin(arc.timeoutMs),
          apiKey: arc.apiKey,
          broadcaster,
          isOnChain: (root, height) => headers.isValidRootForHeight(root, height),
        })
  return new ChainFollower({
    store,
    service: httpHeaderService(service.url, {
      httpClient: clientWithin(service.timeoutMs),
      apiKey: service.apiKey ?? '',
    }),
    askStatus,
    ingest: (txid, path) => engine.ingestProof(txid, path),
    onReorg: () => headers.forget(),
    onChange,
    pollMs: reorgs.pollMs,
    reorgBlocks: reorgs.blocks,
    log: log.child({ part: 'chain' }),
  })
}
