import type { ProofPolicyStore } from '@overpost/core'
import type { BoxName, IdentityKey, ProofDemand, ProofKind } from '@overpost/protocol'
import type { ReaderContext } from './reader-context.ts'
import type { Writer } from './writer/group-commit.ts'

/** What users demand of proofs, in SQLite. */
export class SqliteProofPolicyStore implements ProofPolicyStore {
  readonly #reader: ReaderContext
  readonly #writer: Writer

  constructor(reader: ReaderContext, writer: Writer) {
    this.#reader = reader
    this.#writer = writer
  }

  find(owner: IdentityKey, box: BoxName): Promise<ProofDemand | null> {
    return new Promise((resolve) => resolve(this.#reader.read(() => this.#find(owner, box))))
  }

  put(owner: IdentityKey, box: BoxName, demand: ProofDemand | null, most: number): Promise<'stored' | 'full'> {
    return this.#writer.run('putProofPolicy', { owner, box, demand, most })
  }

  #find(owner: IdentityKey, box: BoxName): ProofDemand | null {
    const ownerId = this.#reader.findId(owner)
    if (ownerId === null) return null
    const row = this.#reader
      .sql<[ProofKind, number]>('SELECT minimum, plaintext_only FROM proof_policies WHERE owner_id = ? AND box = ?')
      .get(ownerId, box)
    return row === undefined ? null : { minimum: row[0], plaintextOnly: row[1] === 1 }
  }
}
