import {
  demandedProof,
  noDemand,
  RelayError,
  type BoxName,
  type IdentityKey,
  type ProofDemand,
  type ProofKind,
} from '@overpost/protocol'
import { BoundedMap } from './bounded-map.ts'
import type { ProofPolicyStore } from './ports/proof-policy-store.ts'

const mostKnown = 50_000
const mostBoxes = 100

/** The proofs of the sender that this host and its users demand of what other hosts hand in (docs/specs/proof-policy.md). */
export class ProofPolicies {
  readonly #store: ProofPolicyStore
  readonly #ofHost: readonly ProofDemand[]
  /** Each message asks for its box's, so what was read is remembered until it is written. */
  readonly #known = new BoundedMap<string, ProofDemand>(mostKnown)
  /** Changes so far: what was read before one may be what it replaced. */
  #changes = 0

  constructor(store: ProofPolicyStore, ofHost: readonly ProofDemand[]) {
    this.#store = store
    this.#ofHost = ofHost
  }

  /** The weakest proof with which this body is taken into that box. */
  async demanded(owner: IdentityKey, box: BoxName, body: string): Promise<ProofKind> {
    const key = `${owner} ${box}`
    const changes = this.#changes
    const known = this.#known.get(key)
    const ofBox = known ?? (await this.find(owner, box))
    if (known === undefined && changes === this.#changes) this.#known.set(key, ofBox)
    return demandedProof([...this.#ofHost, ofBox], body)
  }

  /** What the owner demands of this box. */
  async find(owner: IdentityKey, box: BoxName): Promise<ProofDemand> {
    return (await this.#store.find(owner, box)) ?? noDemand
  }

  /** Sets what the owner demands of this box. @throws {RelayError} ERR_QUOTA_EXCEEDED */
  async put(owner: IdentityKey, box: BoxName, demand: ProofDemand): Promise<void> {
    const isNone = demand.minimum === noDemand.minimum
    try {
      const outcome = await this.#store.put(owner, box, isNone ? null : demand, mostBoxes)
      if (outcome === 'full') {
        throw new RelayError('ERR_QUOTA_EXCEEDED', `At most ${mostBoxes} of your boxes can demand a proof.`)
      }
    } finally {
      this.#changes += 1
      this.#known.delete(`${owner} ${box}`)
    }
  }
}
