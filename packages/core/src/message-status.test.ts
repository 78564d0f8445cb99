import type { BoxName, IdentityKey, MessageId } from '@overpost/protocol'
import { expect } from 'chai'
import type { MessageRef } from './message.ts'
import { statusOf } from './message-status.ts'
import type { Handled } from './ports/handle-seal.ts'
import type { Found, FoundRecord } from './ports/message-records.ts'
import { alice, bob, keyFixture } from './testing/fixtures.ts'

const to = keyFixture('next host')
const record: FoundRecord = {
  ...{ sender: alice, recipient: bob, box: 'inbox' as BoxName, messageId: 'm' as MessageId, acceptedAtMs: 1 },
  ...{ state: 'delivered', settledAtMs: null, isHere: true, attempts: 0, reason: null, nextAttemptAtMs: null },
  ...{ destinations: [], removal: null, bodyHash: null },
}

/** By handle, as its sender's: what it stands for, and what the store finds of it. */
const known: Record<string, [kind: Handled['kind'], found: Found]> = {
  here: ['kept', record],
  acknowledged: ['kept', null],
  moved: ['kept', { kind: 'moved', to }],
  pruned: ['kept', { kind: 'pruned' }],
  out: ['outgoing', record],
  forgotten: ['outgoing', null],
  repeat: ['gone', null],
}
const names = Object.keys(known)

const deps = {
  handles: {
    open(handle: string, sender: IdentityKey): Handled | null {
      const kind = known[handle]?.[0]
      return kind === undefined || sender !== alice
        ? null
        : { kind, id: BigInt(names.indexOf(handle)), acceptedAtMs: 1 }
    },
  },
  records: {
    find: (refs: readonly MessageRef[]) =>
      Promise.resolve(refs.map(({ id }) => known[names[Number(id)] ?? '']?.[1] ?? null)),
  },
}

describe('statusOf', () => {
  it('claims an acknowledgement only where no other way out of the box is known', async () => {
    const all = await statusOf(alice, [...names, 'of nobody'], deps)
    const ended = (handle: string, state: string, removal: object | null = null) =>
      ({ kind: 'ended', handle, state, removal }) as const
    expect(all).to.deep.equal([
      { kind: 'record', handle: 'here', record },
      ended('acknowledged', 'acknowledged'),
      ended('moved', 'delivered', { kind: 'moved', to }),
      ended('pruned', 'delivered', { kind: 'pruned' }),
      { kind: 'record', handle: 'out', record },
      { kind: 'unknown', handle: 'forgotten' },
      ended('repeat', 'delivered'),
      { kind: 'unknown', handle: 'of nobody' },
    ])
  })

  it('tells nobody else', async () => {
    const kinds = (await statusOf(bob, names, deps)).map(({ kind }) => kind)
    expect(new Set(kinds)).to.deep.equal(new Set(['unknown']))
  })
})
