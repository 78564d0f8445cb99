import type { ProofPolicyStore } from '@overpost/core'
import type { BoxName, IdentityKey, ProofDemand } from '@overpost/protocol'

/** What users demand of proofs, gone with the process. */
export class MemoryProofPolicyStore implements ProofPolicyStore {
  readonly #byOwner = new Map<IdentityKey, Map<BoxName, ProofDemand>>()

  find(owner: IdentityKey, box: BoxName): Promise<ProofDemand | null> {
    return Promise.resolve(this.#byOwner.get(owner)?.get(box) ?? null)
  }

  put(owner: IdentityKey, box: BoxName, demand: ProofDemand | null, most: number): Promise<'stored' | 'full'> {
    const boxes = this.#byOwner.get(owner) ?? new Map<BoxName, ProofDemand>()
    this.#byOwner.set(owner, boxes)
    if (demand === null) boxes.delete(box)
    else if (!boxes.has(box) && boxes.size >= most) return Promise.resolve('full')
    else boxes.set(box, demand)
    return Promise.resolve('stored')
  }
}
