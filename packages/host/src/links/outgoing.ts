import { guardedTransport, type NodeTransport, type OutgoingException, type ResolveAddresses } from '@overpost/auth'

export interface OutgoingOptions {
  /** Lets `http://` and this machine through. */
  readonly development: boolean
  /** Certificates of a private authority (PEM), believed besides the public ones. */
  readonly ca?: string | undefined
  /** Networks let through for a name each, which are refused otherwise. */
  readonly exceptions?: readonly OutgoingException[] | undefined
  /** Default: DNS. */
  readonly resolve?: ResolveAddresses | undefined
}

/**
 * The one way out to addresses that others chose: hosts named in tokens, and whatever else is not in the operator's own
 * configuration (docs/decisions/0013-outgoing-guard.md).
 */
export function outgoingTransport({ development, ca, exceptions, resolve }: OutgoingOptions): NodeTransport {
  return guardedTransport({
    policy: { development, ...(exceptions === undefined ? {} : { exceptions }) },
    ...(ca === undefined ? {} : { ca }),
    ...(resolve === undefined ? {} : { resolve }),
  })
}
