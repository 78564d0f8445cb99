import type { BoxName, IdentityKey, ProofDemand } from '@overpost/protocol'

/**
 * Which proof of the sender users demand in their boxes. Each call is atomic and durable when it resolves.
 * @throws {RelayError} ERR_STORAGE_FULL when there is no room, ERR_UNAVAILABLE when the disk fails.
 */
export interface ProofPolicyStore {
  find(owner: IdentityKey, box: BoxName): Promise<ProofDemand | null>
  /**
   * Sets the demand of one box; null takes it away. `full`: the owner has `most` boxes with a demand, of which this is none.
   */
  put(owner: IdentityKey, box: BoxName, demand: ProofDemand | null, most: number): Promise<'stored' | 'full'>
}
