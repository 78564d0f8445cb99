import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { freshDestination, type MessageRef, type Store } from '@overpost/core'
import {
  accept,
  arrivalFixture,
  bob,
  carol,
  claimAll,
  claimLimits,
  claimParcels,
  claimUnrouted,
  envelopeFixture,
  fixtureNowMs,
  idFixture,
  inbox,
  keyFixture,
  listing,
  placementFixture,
  received,
  requestFixture,
  seededRandom,
} from '@overpost/core/testing'
import { expect } from 'chai'
import { openDatabase } from './database.ts'
import { openSqliteStore } from './open-sqlite-store.ts'
import { makeFirstRelease } from './testing/first-release.ts'

describe('a file of the first release', () => {
  let dir: string
  let file: string
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'overpost-migrate-'))
    file = join(dir, 'store.sqlite')
  })
  afterEach(() => rm(dir, { recursive: true }))

  it('has all that it had: boxes, rows on their way, memory, users, demands, sessions', async () => {
    makeFirstRelease(file, 3)
    const store = openSqliteStore({ file })
    const { messages } = await store.mailboxes.list(
      { owner: bob, box: inbox },
      { after: 0, limit: 10, maxBytes: 100_000, withProofs: true },
    )
    expect(messages.map(({ sequence, listedId, body }) => [sequence, listedId, body])).to.deep.equal(
      [1, 2, 3].map((n) => [n, `m${n}`, `body ${n}`]),
    )
    expect(messages.map(({ envelope }) => envelope)).to.deep.equal([envelopeFixture('old'), null, null])
    expect(messages[1]?.request).to.deep.equal(requestFixture('old'))
    expect((await store.authorizations.find(bob))?.authorization.userKey).to.equal(bob)
    expect(await store.proofPolicies.find(bob, inbox)).to.deep.equal({ minimum: 'envelope', plaintextOnly: true })
    expect(await store.sessionState.take()).to.deep.equal(Uint8Array.of(7))
    for (const again of [{ envelope: envelopeFixture('old') }, { request: requestFixture('old') }]) {
      const arrival = arrivalFixture({ messageId: idFixture('again'), ...again })
      expect(await received(store, [arrival])).to.deep.equal(['duplicate'])
    }
    expect(await accept(store, [placementFixture({ messageId: idFixture('new') })])).to.deep.equal(['stored'])
    await store[Symbol.asyncDispose]()
  })

  it('delivers what waits in it, moves guests to their home, and is empty then', async () => {
    makeFirstRelease(file, 3)
    const store = openSqliteStore({ file })
    const delivered: string[] = []
    while (delivered.length < 3) {
      const batch = await claimParcels(store)
      delivered.push(...batch.parcels.map(({ message }) => `${message.messageId}: ${message.body}`))
      const ends = batch.parcels.map(() => ({ kind: 'delivered', receipt: null }) as const)
      await store.outbox.finishParcels(batch, ends, freshDestination)
    }
    const guests = await claimUnrouted(store)
    expect(guests.messages.map(({ message }) => message.messageId)).to.deep.equal(['guest'])
    await store.outbox.finishUnrouted(guests, [{ kind: 'routed', here: true, forwardings: [] }])
    expect(delivered).to.deep.equal(['o1: body 1', 'o2: body 2', 'o3: body 3'])
    expect(await listing(store, { owner: carol, box: inbox })).to.deep.equal(['guest: a guest'])
    expect(await claimAll(store, { nowMs: fixtureNowMs + 1e12 })).to.deep.equal([])
    await store[Symbol.asyncDispose]()
  })

  it('hands over what waits in it, and says so of that, over a restart too, and not of what was acknowledged', async () => {
    makeFirstRelease(file, 3)
    const to = keyFixture('next host')
    const refs = [1n, 2n, 3n].map((n) => keptRef(1n, n))
    {
      await using store = openSqliteStore({ file })
      await store.mailboxes.acknowledge(bob, ['m2'])
      const page = await store.handovers.page(bob, null, { limit: 2, maxBytes: 100_000 })
      const places = page.map(({ place }) => place)
      expect(await store.handovers.removeMoved(places, to, fixtureNowMs)).to.equal(2)
    }
    await using store = openSqliteStore({ file })
    const moved = { kind: 'moved', to }
    expect(await store.records.find(refs)).to.deep.equal([moved, null, moved])
  })

  it('claims no acknowledgement of what a handover may have removed before such moves were noted', async () => {
    makeFirstRelease(file, 3)
    await openSqliteStore({ file })[Symbol.asyncDispose]()
    const db = openDatabase(file)
    db.exec(
      `DROP TABLE moved_messages; PRAGMA user_version = 18; DELETE FROM messages WHERE message_id IN ('m1', 'guest')`,
    )
    db.prepare(
      'INSERT INTO handovers (user_key, from_key, to_key, at_ms, signature, done) VALUES (?, ?, ?, 1, ?, 1)',
    ).run(...[bob, keyFixture('this host'), keyFixture('next host'), '00'].map((hex) => Buffer.from(hex, 'hex')))
    db.close()
    await using store = openSqliteStore({ file })
    const [ofBob, stays, ofCarol] = await store.records.find([keptRef(1n, 1n), keptRef(1n, 2n), keptRef(2n, 1n)])
    expect([ofBob, ofCarol]).to.deep.equal([{ kind: 'pruned' }, null])
    expect(stays).to.deep.include({ state: 'delivered', removal: null, isHere: true })
  })

  it('is of the old or of the new schema, and whole, wherever a kill -9 falls while it is brought up to date', async () => {
    const count = 5_000
    const first = join(dir, 'first.sqlite')
    makeFirstRelease(first, count)
    const random = seededRandom(5)
    const versions: number[] = []
    for (let round = 0; round < 8; round++) {
      copyFileSync(first, file)
      await openAndKill(file, random.fraction() * 60)
      const db = openDatabase(file)
      versions.push(db.pragma('user_version', { simple: true }) as number)
      expect(db.pragma('integrity_check', { simple: true })).to.equal('ok')
      db.close()
      const store = openSqliteStore({ file })
      await expectWhole(store, count)
      await store[Symbol.asyncDispose]()
      for (const rest of ['', '-wal', '-shm', '.lock']) await rm(`${file}${rest}`, { force: true })
    }
    expect(Math.min(...versions)).to.be.at.least(2)
  }).timeout(60_000)
})

/** Of what came to a box as the so-manieth. */
function keptRef(mailboxId: bigint, sequence: bigint): MessageRef {
  return { kind: 'kept', id: (mailboxId << 32n) | sequence, acceptedAtMs: fixtureNowMs }
}

async function expectWhole(store: Store, count: number): Promise<void> {
  const all = { after: 0, limit: count + 1, maxBytes: 1e9, withProofs: true }
  const { messages } = await store.mailboxes.list({ owner: bob, box: inbox }, all)
  expect(messages).to.have.length(count)
  expect((await store.outbox.counts()).parcels).to.equal(count)
  const batch = await claimParcels(store, { ...claimLimits, maxMessages: count })
  expect(batch.failures).to.equal(3)
}

/** Opens the file in a process of its own, and kills that so long after it began to. */
async function openAndKill(file: string, afterMs: number): Promise<void> {
  const program = `import { openStore } from '@overpost/store'
    console.log('opening')
    await openStore({ kind: 'sqlite', file: ${JSON.stringify(file)} })
    setInterval(() => undefined, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    cwd: import.meta.dirname,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exit = once(child, 'exit')
  await once(createInterface({ input: child.stdout }), 'line')
  await pause(afterMs)
  child.kill('SIGKILL')
  await exit
}
