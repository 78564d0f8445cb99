import type { Transport } from '@overpost/auth'
import { BoundedMap, type Clock, type HostKeys, type HostKeyStore } from '@overpost/core'
import {
  capabilityPath,
  verifyCapabilityDocument,
  type HostOrigin,
  type IdentityKey,
  type SignatureVerifier,
} from '@overpost/protocol'
import { reasonOf } from './connection-fault.ts'

export interface RememberedHostKeysDeps {
  readonly store: Pick<HostKeyStore, 'find' | 'note'>
  /** Guarded: others choose the origins. The certificate is what shows that the document is of the origin. */
  readonly transport: Transport
  readonly verifier: SignatureVerifier
  readonly clock: Pick<Clock, 'nowMs'>
  readonly timeoutMs: number
  readonly changed: (event: { origin: HostOrigin; hostKey: IdentityKey; offeredKey: IdentityKey }) => void
  readonly failed: (event: { origin: HostOrigin; reason: string }) => void
}

const maxAnswerBytes = 65_536
const mostOrigins = 10_000
/** A known host is looked at again after so long, behind the answer. */
const lookAgainMs = 60 * 60 * 1000
const afterFaultMs = 30_000

/** The keys of hosts that are known by their origin only: from their signed documents, once, and then from the store. */
export class RememberedHostKeys implements HostKeys {
  readonly #deps: RememberedHostKeysDeps
  readonly #nextLookAtMs = new BoundedMap<HostOrigin, number>(mostOrigins)
  readonly #flights = new Map<HostOrigin, Promise<IdentityKey | null>>()

  constructor(deps: RememberedHostKeysDeps) {
    this.#deps = deps
  }

  async keyOf(origin: HostOrigin): Promise<IdentityKey | null> {
    const { store, clock, failed } = this.#deps
    try {
      const known = await store.find(origin)
      const isDue = (this.#nextLookAtMs.get(origin) ?? 0) <= clock.nowMs()
      const look = isDue ? this.#look(origin) : null
      return known?.hostKey ?? (await look)
    } catch (error) {
      failed({ origin, reason: reasonOf(error) })
      return null
    }
  }

  #look(origin: HostOrigin): Promise<IdentityKey | null> {
    let flight = this.#flights.get(origin)
    if (flight === undefined) {
      flight = this.#ask(origin).finally(() => this.#flights.delete(origin))
      this.#flights.set(origin, flight)
    }
    return flight
  }

  /** Never rejects. */
  async #ask(origin: HostOrigin): Promise<IdentityKey | null> {
    const { store, clock, changed, failed } = this.#deps
    try {
      const shown = await this.#shownBy(origin)
      const outcome = await store.note(origin, shown, clock.nowMs())
      this.#nextLookAtMs.set(origin, clock.nowMs() + lookAgainMs)
      const known = (await store.find(origin))?.hostKey ?? shown
      if (outcome === 'changed') changed({ origin, hostKey: known, offeredKey: shown })
      return known
    } catch (error) {
      this.#nextLookAtMs.set(origin, clock.nowMs() + afterFaultMs)
      failed({ origin, reason: reasonOf(error) })
      return null
    }
  }

  async #shownBy(origin: HostOrigin): Promise<IdentityKey> {
    const { transport, verifier, timeoutMs } = this.#deps
    const { status, body } = await transport({
      ...{ method: 'GET', url: origin + capabilityPath, headers: {}, body: null, maxAnswerBytes },
      signal: AbortSignal.timeout(timeoutMs),
    })
    if (status !== 200) throw new Error(`status ${status}`)
    const verified = verifyCapabilityDocument(JSON.parse(new TextDecoder().decode(body)), { origin, verifier })
    if ('fault' in verified) throw new Error(verified.fault)
    return verified.document.identityKey
  }
}
