import type { BoxName, IdentityKey, ProofDemand } from '@overpost/protocol'
import type { WriterContext } from '../writer-context.ts'

/** Sets or takes away what an owner demands of one box (`ProofPolicyStore.put`). */
export function putProofPolicy(
  context: WriterContext,
  input: { owner: IdentityKey; box: BoxName; demand: ProofDemand | null; most: number },
): 'stored' | 'full' {
  const { owner, box, demand, most } = input
  const ownerId = context.identity(owner)
  if (demand === null) {
    context.sql('DELETE FROM proof_policies WHERE owner_id = ? AND box = ?').run(ownerId, box)
    return 'stored'
  }
  const others = context
    .sql<[number]>('SELECT count(*) FROM proof_policies WHERE owner_id = ? AND box <> ?')
    .get(ownerId, box)
  if ((others?.[0] ?? 0) >= most) return 'full'
  context
    .sql('INSERT OR REPLACE INTO proof_policies (owner_id, box, minimum, plaintext_only) VALUES (?, ?, ?, ?)')
    .run(ownerId, box, demand.minimum, demand.plaintextOnly ? 1 : 0)
  return 'stored'
}
