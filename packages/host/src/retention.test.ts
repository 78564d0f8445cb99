import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { BoxName, MessageId } from '@overpost/protocol'
import { openStore } from '@overpost/store'
import { expect } from 'chai'
import { SealedHandles } from './handle-seal.ts'
import { aliceWallet, bobWallet, callerFixture, hostFixture, hostWallet } from './testing/host-fixture.ts'

const dayMs = 86_400_000

describe('the retention of a host', () => {
  let dir: string
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'overpost-retention-'))
  })
  after(() => rm(dir, { recursive: true }))

  it('removes what has waited longer than its box keeps it, counts it, and tells how long that is', async () => {
    const file = join(dir, 'host.sqlite')
    const messages: [box: string, days: number][] = [
      ['inbox', 366],
      ['inbox', 364],
      ['news_today', 8],
      ['ledger', 5_000],
    ]
    const handles: string[] = []
    {
      await using store = await openStore({ kind: 'sqlite', file })
      for (const [box, days] of messages) {
        const message = {
          ...{ recipient: bobWallet.identityKey, sender: aliceWallet.identityKey, envelope: null, request: null },
          ...{ box: box as BoxName, messageId: `${box} ${days}` as MessageId },
          ...{ contentType: 'text/plain' as const, body: 'hello' },
        }
        const acceptedAtMs = Date.now() - days * dayMs
        const placement = { message, acceptedAtMs, here: 'home', forwardings: [], seeksOthers: false } as const
        const [kept] = await store.mailboxes.accept([placement])
        if (kept?.ref == null) throw new Error('kept, and no ref')
        handles.push(new SealedHandles(hostWallet, store.mailboxes.incarnation).seal(kept.ref, aliceWallet.identityKey))
      }
    }
    await using host = await hostFixture({
      store: { kind: 'sqlite', file },
      retention: { boxes: ['news_*=7', 'ledger=0'] },
    })
    using bob = callerFixture(bobWallet, host.url)
    const counted = async () => (await (await fetch(`${host.url}/metrics`)).text()).includes('_pruned_total 2\n')
    while (!(await counted())) await new Promise(setImmediate)
    const left = []
    for (const messageBox of ['inbox', 'news_today', 'ledger']) {
      const { json } = await bob.post('/listMessages', { messageBox })
      left.push(...(json['messages'] as { messageId: string }[]).map(({ messageId }) => messageId))
    }
    expect(left).to.deep.equal(['inbox 364', 'ledger 5000'])
    using alice = callerFixture(aliceWallet, host.url)
    const { json } = await alice.post('/messageStatus', { handles })
    const ends = (json['results'] as { state: string; pruned?: boolean; receipt?: object }[]).map(
      ({ state, pruned = false, receipt }) => ({ state, pruned, hasReceipt: receipt !== undefined }),
    )
    const removed = { state: 'delivered', pruned: true, hasReceipt: false }
    const kept = { state: 'delivered', pruned: false, hasReceipt: true }
    expect(ends).to.deep.equal([removed, kept, removed, kept])
    const document = (await (await fetch(`${host.url}/.well-known/relay-host`)).json()) as { retention: object }
    expect(document.retention).to.deep.equal({
      days: 365,
      boxes: [
        { boxes: 'news_*', days: 7 },
        { boxes: 'ledger', days: 0 },
      ],
    })
  })
})
