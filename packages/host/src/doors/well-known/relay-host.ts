import type { WalletInterface } from '@bsv/sdk'
import type { Clock } from '@overpost/core'
import { signCapabilityDocument, type CapabilityDocument } from '@overpost/protocol'
import type { Middleware } from 'koa'

export interface RelayHostDeps {
  readonly wallet: Pick<WalletInterface, 'createSignature'>
  readonly clock: Pick<Clock, 'nowMs'>
  readonly terms: Omit<CapabilityDocument, 'issuedAtMs'>
}

/** `GET /.well-known/relay-host` (docs/specs/capability-document.md): what this host is, signed once, when first asked. */
export function relayHost({ wallet, clock, terms }: RelayHostDeps): Middleware {
  let signed: Promise<string> | null = null
  return async (ctx) => {
    signed ??= signCapabilityDocument(wallet, { ...terms, issuedAtMs: clock.nowMs() }).then((document) =>
      JSON.stringify(document),
    )
    ctx.type = 'application/json'
    ctx.set('cache-control', 'public, max-age=300')
    ctx.body = await signed
  }
}
