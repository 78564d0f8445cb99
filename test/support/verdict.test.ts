import type { ListedMessage } from '@overpost/client'
import type { BoxName, IdentityKey, MessageId } from '@overpost/protocol'
import { expect } from 'chai'
import type { Copy } from './mail-reader.ts'
import { judge, returnsBox, type Attempt, type Evidence, type Read } from './verdict.ts'

const [alice, bob, eve] = ['02aa', '02bb', '02ee'] as IdentityKey[] as [IdentityKey, IdentityKey, IdentityKey]

const attempt = (fields: Partial<Attempt> = {}): Attempt => ({
  ...{ body: 'hello', messageId: 'm1', sender: alice, recipient: bob, manner: 'until heard' },
  ...{ fate: 'accepted', code: null, sends: 1 },
  ...fields,
})
const message = (fields: Partial<ListedMessage> = {}): ListedMessage => ({
  ...{ box: 'inbox' as BoxName, sender: alice, messageId: 'm1' as MessageId, body: 'hello', receivedAtMs: 1 },
  ...{
    proof: 'envelope',
    originHost: null,
    vouchedBy: null,
    verified: true,
    secrecy: 'plain',
    failure: null,
    acknowledgedElsewhere: false,
  },
  ...fields,
})
const copy = (fields: Partial<ListedMessage> = {}, isAfterAcknowledgement = false): Copy => ({
  ...{ message: message(fields), isAfterAcknowledgement, isBeingAcknowledged: true, isGone: true },
})
const read = (key: IdentityKey, copies: readonly Copy[], ghosts: readonly ListedMessage[] = []): Read => ({
  ...{ person: { key }, copies: [...copies], ghosts: [...ghosts] },
})
const notice = (kind: string) =>
  copy({
    box: returnsBox as BoxName,
    messageId: `${kind}-h` as MessageId,
    body: JSON.stringify({ kind, messageId: 'm1' }),
  })

/** What is told from what was sent and read, as counts. */
function counts(evidence: Partial<Evidence>): Record<string, number> {
  const verdict = judge({ attempts: [attempt()], readers: [], returns: [], strangers: [], ...evidence })
  const { lost, doubled, forged, leaked, returned, resent } = verdict
  const all = {
    lost: lost.length,
    doubled: doubled.length,
    forged: forged.length,
    leaked: leaked.length,
    returned,
    resent,
  }
  return Object.fromEntries(Object.entries(all).filter(([, count]) => count > 0))
}

/** A check of the checker: scenarios show nothing when it finds nothing. */
describe('the verdict on what was sent and read', () => {
  const cases: [name: string, evidence: Partial<Evidence>, found: Record<string, number>][] = [
    ['one copy of what was accepted', { readers: [read(bob, [copy()])] }, {}],
    ['no copy', {}, { lost: 1 }],
    ['no copy of what nobody heard of', { attempts: [attempt({ fate: 'unknown' })] }, {}],
    ['two copies at one home', { readers: [read(bob, [copy(), copy({ receivedAtMs: 2 })])] }, { doubled: 1 }],
    ['a copy at each of two hosts', { readers: [read(bob, [copy()]), read(bob, [copy()])] }, { doubled: 1 }],
    ['a copy that comes back when it is acknowledged', { readers: [read(bob, [copy()], [message()])] }, { doubled: 1 }],
    [
      'a copy that comes again after the acknowledgement',
      { readers: [read(bob, [copy(), copy({}, true)])] },
      { doubled: 1 },
    ],
    [
      'the same from a stock client that sent twice',
      {
        attempts: [attempt({ manner: 'stock', sends: 2 })],
        readers: [read(bob, [copy({ verified: false }), copy({ verified: false }, true)])],
      },
      { resent: 1 },
    ],
    ['another text', { readers: [read(bob, [copy({ body: 'hello?' })])] }, { forged: 1, lost: 1 }],
    ['another sender', { readers: [read(bob, [copy({ sender: eve })])] }, { forged: 1, lost: 1 }],
    ['an envelope that does not verify', { readers: [read(bob, [copy({ verified: false })])] }, { forged: 1, lost: 1 }],
    ['what was refused', { attempts: [attempt({ fate: 'refused' })], readers: [read(bob, [copy()])] }, { forged: 1 }],
    ['what nobody sent', { attempts: [], readers: [read(bob, [copy()])] }, { forged: 1 }],
    ['a copy in the box of another recipient', { readers: [read(eve, [copy()]), read(bob, [copy()])] }, { leaked: 1 }],
    ['a copy read by a stranger', { readers: [read(bob, [copy()])], strangers: [read(eve, [copy()])] }, { leaked: 1 }],
    ['a return', { returns: [read(alice, [notice('returned')])] }, { returned: 1 }],
    ['a notice that it still waits', { returns: [read(alice, [notice('delayed')])] }, { lost: 1 }],
    [
      'a return of what was delivered',
      { readers: [read(bob, [copy()])], returns: [read(alice, [notice('returned')])] },
      { returned: 1, doubled: 1 },
    ],
  ]
  for (const [name, evidence, found] of cases) {
    it(`of ${name}: ${Object.keys(found).join(', ') || 'nothing wrong'}`, () =>
      expect(counts(evidence)).to.deep.equal(found))
  }
})
