import { nativeHasher } from '@overpost/auth'
import { type HostOrigin, type IdentityKey, lookupShip, lookupSlap, parseBeef } from '@overpost/protocol'
import { HTTPSOverlayLookupFacilitator } from '@bsv/sdk'

/** An overlay node as its advertiser sees it, itself included. */
export interface OverlayPeer {
  readonly url: string
  /** The outpoints (`<txid>.<vout>`) of the SHIP and SLAP tokens that it knows of an identity at an origin. */
  knownAdverts(identityKey: IdentityKey, origin: HostOrigin): Promise<string[]>
  /** @throws {Error} when the node does not take the transaction */
  submit(beef: readonly number[], topics: readonly string[]): Promise<void>
}

const timeoutMs = 15_000

/** A node over HTTP. Its address is the operator's own choice, so plain http is fine. */
export function httpOverlayPeer(url: string, call: typeof fetch = fetch): OverlayPeer {
  const lookups = new HTTPSOverlayLookupFacilitator(call, true)
  return {
    url,
    async knownAdverts(identityKey, domain) {
      const answers = await Promise.all(
        [lookupShip, lookupSlap].map((service) =>
          lookups.lookup(url, { service, query: { identityKey, domain } }, timeoutMs),
        ),
      )
      return answers.flatMap(({ outputs }) =>
        outputs.map(
          ({ beef, outputIndex }) => `${parseBeef(Uint8Array.from(beef), nativeHasher).subject.txid}.${outputIndex}`,
        ),
      )
    },
    async submit(beef, topics) {
      const response = await call(`${url}/submit`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/octet-stream', 'X-Topics': JSON.stringify(topics) },
        body: Uint8Array.from(beef),
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      })
      const text = await response.text()
      if (!response.ok) throw new Error(`${url} does not take the adverts: ${response.status} ${text.slice(0, 300)}`)
    },
  }
}
