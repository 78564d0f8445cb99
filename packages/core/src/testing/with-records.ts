import type { MessageRef } from '../message.ts'
import type { Placement } from '../ports/mailbox-store.ts'
import type { FoundRecord } from '../ports/message-records.ts'
import { freshDestination, type ParcelEnd } from '../ports/outbox-store.ts'
import type { Store } from '../ports/store.ts'
import { alice, destinationFixture, fixtureNowMs as nowMs, idFixture, placementFixture } from './fixtures.ts'
import { claimParcels, eachWithStore } from './with-store.ts'

export const receipt = {
  ...{ storedAtMs: nowMs + 1, bodyHash: 'ab'.repeat(32), index: 1 },
  answer: { leaves: ['01'.repeat(32), '02'.repeat(32)], signatureHex: '3044' },
}
export const delivered: ParcelEnd = { kind: 'delivered', receipt }
export const failed: ParcelEnd = { kind: 'failed', reason: 'ERR_NO' }

/** What this host tells Alice of a message of hers. */
export function notice(id = 'n1'): Placement {
  return placementFixture({
    recipient: alice,
    sender: destinationFixture('this host').hostKey,
    messageId: idFixture(id),
  })
}

/** A fresh store for each test of the current block, with ways to put messages in, to end their parcels and to find their records. */
export function eachWithRecords(open: () => Promise<Store>) {
  const store = eachWithStore(open)
  const put = async (placement: Placement): Promise<MessageRef> => {
    const [kept] = await store().mailboxes.accept([placement])
    if (kept?.ref == null) throw new Error('kept, and no ref')
    return kept.ref
  }
  const findAll = async (refs: readonly MessageRef[]): Promise<(FoundRecord | null)[]> =>
    (await store().records.find(refs)).map((found) => {
      if (found !== null && 'kind' in found) throw new Error(found.kind)
      return found
    })
  const find = async (ref: MessageRef): Promise<FoundRecord | null> => (await findAll([ref]))[0] ?? null
  const stateOf = async (ref: MessageRef): Promise<string> => (await find(ref))?.state ?? 'none'
  const finish = async (...ends: ParcelEnd[]): Promise<void> => {
    for (const end of ends) await store().outbox.finishParcels(await claimParcels(store()), [end], freshDestination)
  }
  return { store, put, find, findAll, stateOf, finish }
}
