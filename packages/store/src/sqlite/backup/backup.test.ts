import { existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@overpost/core'
import {
  arrivalFixture,
  authorizationFixture,
  claimParcels,
  destinationFixture,
  fixtureNowMs,
  forwardedFixture,
  idFixture,
  listing,
  placementFixture,
} from '@overpost/core/testing'
import { expect } from 'chai'
import { openSqliteStore } from '../open-sqlite-store.ts'
import { backUpStore } from './back-up-store.ts'
import { checkStore } from './check-store.ts'
import { restoreStore } from './restore-store.ts'

describe('a backup of a store', () => {
  let dir: string
  let file: string
  let copy: string
  let store: Store | null
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'overpost-backup-'))
    file = join(dir, 'store.sqlite')
    copy = join(dir, 'copy.sqlite')
    store = openSqliteStore({ file })
  })
  afterEach(async () => {
    await close()
    await rm(dir, { recursive: true })
  })

  const opened = (): Store => {
    if (store === null) throw new Error('the store is closed')
    return store
  }
  const open = (): Store => (store = openSqliteStore({ file }))
  const openAt = (nowMs: number): Store => (store = openSqliteStore({ file, nowMs: () => nowMs }))
  const close = async (): Promise<void> => {
    await store?.[Symbol.asyncDispose]()
    store = null
  }
  const accept = (id: string) => opened().mailboxes.accept([placementFixture({ messageId: idFixture(id) })])
  const backUp = () => backUpStore({ file, to: copy, nowMs: fixtureNowMs })

  it('is one moment of a store that goes on being written to, and can be put in its place', async () => {
    const writing = Array.from({ length: 300 }, (_, n) => accept(`m${n}`))
    await writing[20]
    const { messages, users } = backUp()
    await Promise.all(writing)
    expect(messages).to.be.within(20, 300)
    expect(users).to.equal(0)
    await close()
    const restored = restoreStore({ file, from: copy })
    expect(restored.missing).to.deep.equal({ fromHosts: 0, fromSenders: 300 - messages, outgoing: 0 })
    open()
    const left = await listing(opened())
    expect(left).to.deep.equal(Array.from({ length: messages }, (_, n) => `m${n}: hello`))
  })

  it('begins a log of its own when it is started from, and no session goes on; what it was made from does not', async () => {
    await accept('m1')
    await opened().outbox.counts()
    const { incarnation } = opened().mailboxes
    await opened().sessionState.save(Uint8Array.of(1))
    backUp()
    await close()
    expect(open().mailboxes.incarnation).to.equal(incarnation)
    await close()
    restoreStore({ file, from: copy })
    const first = open().mailboxes.incarnation
    expect(first).not.to.equal(incarnation)
    expect(await opened().sessionState.take()).to.equal(null)
    await close()
    expect(open().mailboxes.incarnation, 'only once').to.equal(first)
  })

  it('is told, from its first start on, to every host that the store ever sent to, until each has heard it', async () => {
    for (const name of ['hosta', 'hostb']) {
      await opened().mailboxes.accept([forwardedFixture([name], { messageId: idFixture(`to ${name}`) })])
    }
    backUp()
    await close()
    restoreStore({ file, from: copy })
    const { resends } = openAt(fixtureNowMs)
    const due = await resends.dueNews(fixtureNowMs, 10)
    expect(due.map(({ destination, sinceMs, attempts }) => ({ ...destination, sinceMs, attempts }))).to.deep.equal(
      ['hosta', 'hostb'].map((name) => ({ ...destinationFixture(name), sinceMs: fixtureNowMs, attempts: 0 })),
    )
    await resends.finishNews(due[0]!.id, null)
    await resends.finishNews(due[1]!.id, fixtureNowMs + 50)
    expect(await resends.nextNewsAtMs()).to.equal(fixtureNowMs + 50)
    await close()
    const again = await openAt(fixtureNowMs + 99).resends.dueNews(fixtureNowMs + 50, 10)
    expect(again).to.deep.equal([{ ...due[1], attempts: 1 }])
    await opened().resends.finishNews(due[1]!.id, null)
    expect(await opened().resends.nextNewsAtMs()).to.equal(null)
  })

  it('tells what it does not have: of hosts, of senders, on its way; and sets aside what was there', async () => {
    await opened().authorizations.put(authorizationFixture(), fixtureNowMs)
    await accept('before')
    await opened().mailboxes.accept([forwardedFixture(['hosta'], { messageId: idFixture('waits') })])
    expect(backUp()).to.deep.include({ messages: 1, outgoing: 1, users: 1 })
    await accept('after')
    await opened().mailboxes.receive(['a1', 'a2'].map((id) => arrivalFixture({ messageId: idFixture(id) })))
    await opened().mailboxes.accept([forwardedFixture(['hosta'], { messageId: idFixture('later') })])
    await close()
    const { missing, setAside, backupAtMs } = restoreStore({ file, from: copy })
    expect(missing).to.deep.equal({ fromHosts: 2, fromSenders: 1, outgoing: 1 })
    expect(backupAtMs).to.equal(fixtureNowMs)
    expect(checkStore(setAside ?? '')).to.deep.equal({ faults: [], rows: { messages: 4, outgoing: 2, users: 1 } })
    open()
    expect((await claimParcels(opened())).parcels.map(({ message }) => message.messageId)).to.deep.equal(['waits'])
    expect(await listing(opened())).to.deep.equal(['before: hello'])
  })

  it('is put in the place of a store that is damaged, or gone', async () => {
    await accept('m1')
    backUp()
    await close()
    truncateSync(file, 8_192)
    expect(checkStore(file).faults).to.have.length(1)
    expect(() => openSqliteStore({ file })).to.throw('overpost restore')
    expect(restoreStore({ file, from: copy }).missing).to.equal(null)
    open()
    expect(await listing(opened())).to.deep.equal(['m1: hello'])
    await close()
    await rm(file)
    expect(restoreStore({ file, from: copy }).setAside).to.equal(null)
    open()
    expect(await listing(opened())).to.deep.equal(['m1: hello'])
  })

  it('is not put where a host runs, nor is anything else put anywhere', async () => {
    await accept('m1')
    backUp()
    expect(() => restoreStore({ file, from: copy })).to.throw('is in use')
    await close()
    const before = readFileSync(file)
    expect(() => restoreStore({ file, from: file })).to.throw('is no backup')
    writeFileSync(join(dir, 'text'), 'no database')
    expect(() => restoreStore({ file, from: join(dir, 'text') })).to.throw('is damaged')
    expect(readFileSync(file).equals(before)).to.equal(true)
    expect(existsSync(`${file}.part`)).to.equal(false)
  })

  it('overwrites nothing, and leaves nothing half done', async () => {
    writeFileSync(copy, 'mine')
    expect(backUp).to.throw('is there already')
    expect(readFileSync(copy, 'utf8')).to.equal('mine')
    await close()
    truncateSync(file, 4_096)
    await rm(copy)
    expect(backUp).to.throw('is damaged')
    expect([existsSync(copy), existsSync(`${copy}.part`)]).to.deep.equal([false, false])
    await rm(file)
  })
})
