import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { freshDestination, type Store } from '@overpost/core'
import {
  accept,
  alice,
  arrivalFixture,
  authorizationFixture,
  bob,
  claimAll,
  claimLimits,
  claimParcels,
  claimText,
  claimUnrouted,
  destinationFixture,
  envelopeFixture,
  fixtureNowMs as nowMs,
  forwardedFixture,
  guestFixture,
  idFixture,
  inbox,
  keyFixture,
  largePage,
  listing,
  placementFixture,
  received,
  withdrawalFixture,
} from '@overpost/core/testing'
import { RelayError } from '@overpost/protocol'
import Database from 'better-sqlite3'
import { expect } from 'chai'
import { openSqliteStore } from './open-sqlite-store.ts'

describe('the store in SQLite', () => {
  let dir: string
  let file: string
  let store: Store
  const reopen = async (): Promise<void> => {
    await store[Symbol.asyncDispose]()
    store = openSqliteStore({ file })
  }

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'overpost-store-'))
    file = join(dir, 'store.sqlite')
    store = openSqliteStore({ file })
  })
  afterEach(async () => {
    await store[Symbol.asyncDispose]()
    await rm(dir, { recursive: true })
  })

  describe('opened again', () => {
    it('has its messages, its incarnation, its sequences and its memory', async () => {
      const { incarnation } = store.mailboxes
      const arrival = arrivalFixture({ messageId: idFixture('m2'), envelope: envelopeFixture('e') })
      await store.mailboxes.accept([placementFixture()])
      await store.mailboxes.receive([arrival])
      await store.mailboxes.acknowledge(bob, ['m2'])
      await reopen()
      expect(store.mailboxes.incarnation).to.equal(incarnation)
      expect(await listing(store)).to.deep.equal(['m1: hello'])
      expect(await received(store, [arrival])).to.deep.equal(['duplicate'])
      await store.mailboxes.accept([placementFixture({ messageId: idFixture('m3') })])
      const { messages } = await store.mailboxes.list({ owner: bob, box: inbox }, largePage)
      expect(messages.map(({ sequence }) => sequence)).to.deep.equal([1, 3])
    })

    it('has what waits to be forwarded, and how its destinations stand', async () => {
      for (const id of ['a1', 'a2']) {
        await store.mailboxes.accept([forwardedFixture(['hosta'], { messageId: idFixture(id) })])
      }
      const state = { failures: 4, nextAttemptAtMs: nowMs + 50, reason: 'down' }
      const end = { kind: 'retry', atMs: nowMs, reason: 'down', counts: true } as const
      await store.outbox.finishParcels(await claimParcels(store), [end, end], state)
      await reopen()
      expect(await store.outbox.nextDueAtMs()).to.equal(nowMs + 50)
      const batch = await claimParcels(store, { nowMs: nowMs + 50 })
      expect(batch.failures).to.equal(4)
      expect(batch.parcels[0]?.attempts).to.equal(1)
    })

    it('has everything due again that was in hand', async () => {
      await store.mailboxes.accept([forwardedFixture(['hosta'])])
      await store.mailboxes.accept([guestFixture({ messageId: idFixture('g1') })])
      expect(await claimAll(store)).to.have.length(2)
      await reopen()
      expect((await claimAll(store)).map(claimText).toSorted()).to.deep.equal(['hosta: m1', 'unrouted: g1'])
    })

    it('has what adverts cost on a day, what users withdrew, and who moves away', async () => {
      await store.spending.add(5, 'newcomers', 70)
      await store.withdrawals.put(withdrawalFixture(), nowMs, 10)
      await store.authorizations.put(
        authorizationFixture({ dates: { issuedAtMs: nowMs + 1, expiresAtMs: nowMs * 2 } }),
        nowMs,
      )
      const { userKey, hostKey } = authorizationFixture()
      const handover = { userKey, from: hostKey, to: keyFixture('next'), atMs: nowMs, signature: Uint8Array.of(1) }
      await store.handovers.begin(handover, nowMs)
      await reopen()
      expect(await store.spending.spent(5)).to.deep.equal({ known: 0, newcomers: 70 })
      expect(await store.withdrawals.page(null, 10)).to.deep.equal([{ withdrawal: withdrawalFixture(), txid: null }])
      expect(await store.handovers.open()).to.deep.equal([handover])
    })

    it('does not move away a copy that was listed', async () => {
      await store.mailboxes.accept([guestFixture()])
      await listing(store)
      await reopen()
      const { forwardings } = forwardedFixture(['hosta'])
      await store.outbox.finishUnrouted(await claimUnrouted(store), [{ kind: 'routed', here: false, forwardings }])
      await store.outbox.finishParcels(
        await claimParcels(store),
        [{ kind: 'delivered', receipt: null }],
        freshDestination,
      )
      expect(await listing(store)).to.deep.equal(['m1: hello'])
    })

    it('has its authorizations, and the session state once', async () => {
      await store.authorizations.put(authorizationFixture(), nowMs)
      await store.authorizations.put(authorizationFixture({ userKey: alice }), nowMs)
      await store.authorizations.revoke(alice, nowMs)
      await store.sessionState.save(Uint8Array.of(7))
      await reopen()
      expect(await store.authorizations.page(null, 10)).to.deep.equal([
        { authorization: authorizationFixture(), storedAtMs: nowMs },
      ])
      expect((await store.authorizations.find(alice))?.revokedAtMs).to.equal(nowMs)
      expect(await store.sessionState.take()).to.deep.equal(Uint8Array.of(7))
      await reopen()
      expect(await store.sessionState.take()).to.equal(null)
    })

    it('another file has another incarnation', async () => {
      const other = openSqliteStore({ file: join(dir, 'other.sqlite') })
      expect(other.mailboxes.incarnation).not.to.equal(store.mailboxes.incarnation)
      await other[Symbol.asyncDispose]()
    })
  })

  it('lists who sent and who handed in, however many identities there are', async () => {
    const host = keyFixture('hosta')
    await store.mailboxes.receive([arrivalFixture({}, { originHost: host })])
    await store.mailboxes.accept([placementFixture({ messageId: idFixture('m2') })])
    await store[Symbol.asyncDispose]()
    const db = new Database(file)
    // The first two numbers that no longer fit into one value of a page's row.
    for (const [key, id] of [
      [host, 2 ** 26],
      [alice, 2 ** 26 + 1],
    ] as const) {
      const old = db.prepare('SELECT id FROM identities WHERE key = ?').pluck().get(Buffer.from(key, 'hex'))
      db.prepare('UPDATE identities SET id = ? WHERE id = ?').run(id, old)
      db.prepare('UPDATE messages SET sender_id = ? WHERE sender_id = ?').run(id, old)
      db.prepare('UPDATE messages SET origin_id = ? WHERE origin_id = ?').run(id, old)
    }
    db.close()
    store = openSqliteStore({ file })
    const { messages } = await store.mailboxes.list({ owner: bob, box: inbox }, largePage)
    expect(messages.map(({ sender, originHost }) => [sender, originHost])).to.deep.equal([
      [alice, host],
      [alice, null],
    ])
  })

  it('keeps what a host signed for many messages once, until the last of them is forgotten', async () => {
    const answer = { leaves: ['01'.repeat(32), '02'.repeat(32)], signatureHex: '3006020101020101' }
    for (const n of [1, 2]) {
      await store.mailboxes.accept([forwardedFixture(['hosta'], { messageId: idFixture(`m${n}`) })])
    }
    const batch = await claimParcels(store)
    const ends = batch.parcels.map((_, index) => {
      const receipt = { storedAtMs: nowMs, bodyHash: 'ab'.repeat(32), index, answer }
      return { kind: 'delivered', receipt } as const
    })
    await store.outbox.finishParcels(batch, ends, freshDestination)
    const db = new Database(file, { readonly: true })
    const kept = (): unknown[] => db.prepare('SELECT parcels FROM custody_answers').pluck().all()
    expect(kept()).to.deep.equal([2])
    await store.outbox.prune({ settledBeforeMs: Number.MAX_SAFE_INTEGER, bodiesBeforeMs: 0 })
    expect(kept()).to.deep.equal([])
    db.close()
  })

  describe('one process only', () => {
    it('is refused in the same process', () => {
      expect(() => openSqliteStore({ file })).to.throw('is in use')
    })

    it('is refused in another process, and not when the first has closed it', async () => {
      const program = `import { openStore } from '@overpost/store'
        const store = await openStore({ kind: 'sqlite', file: ${JSON.stringify(file)} })
        await store[Symbol.asyncDispose]()`
      const run = () =>
        promisify(execFile)(process.execPath, ['--input-type=module', '-e', program], { cwd: import.meta.dirname })
      const refused = await run().catch((error: unknown) => error as { stderr: string })
      expect(refused.stderr).to.contain('is in use: only one process can have it open')
      await store[Symbol.asyncDispose]()
      await run()
      store = openSqliteStore({ file })
    })
  })

  describe('migrations', () => {
    it('make the tables in an empty file, and are not run twice', async () => {
      await store.mailboxes.accept([placementFixture()])
      await store[Symbol.asyncDispose]()
      const db = new Database(file)
      expect(db.pragma('user_version', { simple: true })).to.be.greaterThan(0)
      expect(db.pragma('integrity_check', { simple: true })).to.equal('ok')
      db.close()
      store = openSqliteStore({ file })
      expect(await listing(store)).to.deep.equal(['m1: hello'])
    })

    it('refuse a file of a newer program, and leave it to that', async () => {
      await store[Symbol.asyncDispose]()
      const db = new Database(file)
      const version = db.pragma('user_version', { simple: true }) as number
      db.pragma('user_version = 999')
      db.close()
      expect(() => openSqliteStore({ file })).to.throw('schema version 999')
      expect(() => openSqliteStore({ file })).to.throw('made by a newer one')
      const again = new Database(file)
      again.pragma(`user_version = ${version}`)
      again.close()
      store = openSqliteStore({ file })
    })
  })

  describe('a full disk', () => {
    const large = (id: string) => placementFixture({ messageId: idFixture(id), body: 'x'.repeat(20_000) })
    const outcomeOf = (promise: Promise<unknown>): Promise<unknown> => promise.catch((error: unknown) => error)
    beforeEach(async () => {
      await store[Symbol.asyncDispose]()
      store = openSqliteStore({ file, maxFileBytes: 400_000 })
    })

    it('answers ERR_STORAGE_FULL, keeps nothing of what it refused, and goes on when there is room', async () => {
      const kept: string[] = []
      for (let index = 0; ; index++) {
        const outcome = await outcomeOf(store.mailboxes.accept([large(`m${index}`)]))
        if (outcome instanceof RelayError) {
          expect(outcome.code).to.equal('ERR_STORAGE_FULL')
          break
        }
        kept.push(`m${index}`)
      }
      expect(kept.length).to.be.within(5, 20)
      const listed = async () =>
        (await store.mailboxes.list({ owner: bob, box: inbox }, largePage)).messages.map(({ listedId }) => listedId)
      expect(await listed()).to.deep.equal(kept)
      expect(await store.mailboxes.acknowledge(bob, kept.slice(0, 3))).to.equal(3)
      expect(await accept(store, [large('after')])).to.deep.equal(['stored'])
      expect(await listed()).to.deep.equal([...kept.slice(3), 'after'])
    })

    it('keeps all or nothing of a send, and remembers nothing of it', async () => {
      const recipients = Array.from({ length: 40 }, (_, index) => destinationFixture(`r${index}`).hostKey)
      const placements = recipients.map((recipient) => ({
        ...large('m'),
        message: { ...large('m').message, recipient },
      }))
      const refused = await outcomeOf(store.mailboxes.accept(placements))
      expect(refused).to.be.instanceOf(RelayError)
      for (const owner of recipients) expect(await listing(store, { owner, box: inbox })).to.deep.equal([])
      const withEnvelope = placementFixture({ envelope: envelopeFixture('e'), body: 'x'.repeat(500_000) })
      expect(await outcomeOf(store.mailboxes.accept([withEnvelope]))).to.be.instanceOf(RelayError)
      expect(await accept(store, [placementFixture({ envelope: envelopeFixture('e') })])).to.deep.equal(['stored'])
    })
  })

  it('refuses what comes after it was closed', async () => {
    await store[Symbol.asyncDispose]()
    const refused = await store.mailboxes.accept([placementFixture()]).catch((error: unknown) => error)
    expect(refused).to.be.instanceOf(RelayError)
    store = openSqliteStore({ file })
  })

  it('keeps what was asked for before it was closed', async () => {
    const asked = ['a', 'b', 'c'].map((id) => accept(store, [placementFixture({ messageId: idFixture(id) })]))
    await reopen()
    expect(await Promise.all(asked)).to.deep.equal([['stored'], ['stored'], ['stored']])
    expect(await listing(store)).to.have.length(3)
  })

  it('holds nothing in memory for 20,000 parcels that wait for one host, and finds the due one at once', async () => {
    const down = { failures: 1, nextAttemptAtMs: nowMs + 1, reason: 'down' }
    for (let start = 0; start < 20_000; start += 500) {
      const placements = Array.from({ length: 500 }, (_, n) =>
        forwardedFixture(['dead'], { messageId: idFixture(`m${start + n}`) }),
      )
      await store.mailboxes.accept(placements)
    }
    const startedMs = performance.now()
    for (let round = 0; round < 100; round++) {
      const batch = await claimParcels(store, { nowMs: nowMs + 1 })
      const ends = batch.parcels.map(() => ({ kind: 'retry', atMs: nowMs, reason: 'down', counts: false }) as const)
      if (round === 0) await store.outbox.finishParcels(batch, ends, down)
      else store.outbox.release({ kind: 'parcels', batch })
    }
    expect(performance.now() - startedMs).to.be.lessThan(1_000)
    expect(await store.outbox.claim(claimLimits)).to.equal(null)
    expect(await store.outbox.nextDueAtMs()).to.equal(nowMs + 1)
  }).timeout(30_000)
})
