import type { AdvertPublisher, AuthorizationStore } from '@overpost/core'
import type { Logger } from 'pino'
import type { OperatorCalls } from './operator-door.ts'

export interface IdentitiesCallDeps {
  readonly authorizations: Pick<AuthorizationStore, 'page'>
  /** Null: no wallet is configured. */
  readonly publisher: Pick<AdvertPublisher, 'list'> | null
  readonly log: Pick<Logger, 'warn'>
}

const walletMs = 10_000

/** Whom this host hosts, until when, and by which tokens of its own wallet it says so on chain. */
export function identitiesCall({
  authorizations,
  publisher,
  log,
}: IdentitiesCallDeps): Pick<OperatorCalls, 'identities'> {
  /** Outpoints by user; null when the wallet does not answer. */
  async function adverts(): Promise<Map<string, string[]> | null> {
    if (publisher === null) return null
    try {
      const byUser = new Map<string, string[]>()
      for (const { userKey, outpoint, statement } of await publisher.list(AbortSignal.timeout(walletMs))) {
        if (statement.kind !== 'authorization') continue
        byUser.set(userKey, [...(byUser.get(userKey) ?? []), outpoint])
      }
      return byUser
    } catch (err) {
      log.warn({ err }, 'the wallet could not be asked for adverts')
      return null
    }
  }

  return {
    async identities({ after, limit }) {
      const [page, byUser] = await Promise.all([authorizations.page(after ?? null, limit), adverts()])
      return {
        identities: page.map(({ authorization: { userKey, origin, pattern, dates } }) => ({
          ...{ identityKey: userKey, origin, pattern },
          issuedAtMs: dates?.issuedAtMs ?? null,
          expiresAtMs: dates?.expiresAtMs ?? null,
          adverts: byUser === null ? null : (byUser.get(userKey) ?? []),
        })),
      }
    },
  }
}
