import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, statSync, truncateSync, writeFileSync, writeSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Store } from '@overpost/core'
import { accept, bob, idFixture, inbox, largePage, placementFixture } from '@overpost/core/testing'
import { RelayError } from '@overpost/protocol'
import Database from 'better-sqlite3'
import { expect } from 'chai'
import { openSqliteStore, type SqliteStoreOptions } from './open-sqlite-store.ts'

/** What a disk does to a file that nobody looks at: each case is done to a real file, by its bytes. */
describe('a store on a disk that does not keep what was written', () => {
  let dir: string
  let file: string
  const opened: Store[] = []

  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'overpost-broken-'))
    file = join(dir, 'store.sqlite')
  })
  afterEach(async () => {
    for (const store of opened.splice(0)) await store[Symbol.asyncDispose]()
    await rm(dir, { recursive: true })
  })

  const open = (options: Partial<SqliteStoreOptions> = {}): Store => {
    const store = openSqliteStore({ file, ...options })
    opened.push(store)
    return store
  }
  const ids = async (store: Store): Promise<string[]> =>
    (await store.mailboxes.list({ owner: bob, box: inbox }, largePage)).messages.map(({ listedId }) => listedId)

  /** 60 messages, written one by one, and the process killed: the log is as it was. Returns their ids in order. */
  async function writeAndKill(): Promise<string[]> {
    const program = `import { openStore } from '@overpost/store'
      import { idFixture, placementFixture } from '@overpost/core/testing'
      const store = await openStore({ kind: 'sqlite', file: ${JSON.stringify(file)} })
      for (let n = 0; n < 60; n++) {
        await store.mailboxes.accept([placementFixture({ messageId: idFixture('m' + n), body: 'x'.repeat(3000) })])
      }
      console.log('written')`
    const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: import.meta.dirname,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const exit = once(child, 'exit')
    await once(createInterface({ input: child.stdout }), 'line')
    child.kill('SIGKILL')
    await exit
    return Array.from({ length: 60 }, (_, n) => `m${n}`)
  }

  /** The same, closed: all is in the file, and there is no log. */
  async function writeAndClose(): Promise<void> {
    const store = openSqliteStore({ file })
    for (let n = 0; n < 60; n++) {
      await store.mailboxes.accept([placementFixture({ messageId: idFixture(`m${n}`), body: 'x'.repeat(3_000) })])
    }
    await store[Symbol.asyncDispose]()
  }

  it('reads a log that was cut off up to its last whole transaction, and goes on', async () => {
    const written = await writeAndKill()
    const log = `${file}-wal`
    truncateSync(log, Math.floor(statSync(log).size * 0.6))
    const store = open()
    const left = await ids(store)
    expect(left.length).to.be.within(10, 55)
    expect(left).to.deep.equal(written.slice(0, left.length))
    expect(await accept(store, [placementFixture({ messageId: idFixture('after') })])).to.deep.equal(['stored'])
    expect(await ids(store)).to.deep.equal([...left, 'after'])
  })

  it('takes no log for whole in whose middle a bit is flipped, and reads it when the bit is right again', async () => {
    const written = await writeAndKill()
    const log = `${file}-wal`
    const at = Math.floor(statSync(log).size * 0.5)
    flipBit(log, at)
    expect(() => open()).to.throw(/is damaged \(its log is wrong at frame \d+, and \d+ transactions after that/)
    expect(() => open()).to.throw('overpost restore')
    flipBit(log, at)
    expect(await ids(open())).to.deep.equal(written)
  })

  it('is not opened when a page of its tables is overwritten, and says what can be done', async () => {
    await writeAndClose()
    const pageBytes = 4096
    for (let page = 3; page < 12; page++) flipBit(file, page * pageBytes, 0xff)
    expect(() => open()).to.throw(
      /store\.sqlite is damaged \(.*\): "overpost check .*store\.sqlite" tells what is left/,
    )
  })

  for (const [what, bytes] of [
    ['cut off', 0.5],
    ['emptied', 0],
  ] as const) {
    it(`is not opened, nor made anew, when it was ${what}`, async () => {
      await writeAndClose()
      const left = Math.floor((statSync(file).size * bytes) / 4096) * 4096
      truncateSync(file, left)
      expect(() => open()).to.throw('is damaged')
      expect(statSync(file).size).to.equal(left)
    })
  }

  it('is not opened when it is no database, and is left as it is', () => {
    writeFileSync(file, 'something else altogether, that somebody wrote here'.repeat(100))
    expect(() => open()).to.throw('is damaged (file is not a database)')
    expect(readFileSync(file, 'utf8')).to.contain('something else altogether')
  })

  it('checks a large file behind its use, and then says that it is damaged', async () => {
    await writeAndClose()
    const whole = open({ checkedAtStartBytes: 0 })
    expect(whole.damage()).to.equal(null)
    await opened.pop()?.[Symbol.asyncDispose]()
    corruptIndex(file)
    const store = open({ checkedAtStartBytes: 0 })
    while (store.damage() === null) await new Promise(setImmediate)
    expect(store.damage()).to.contain('database main')
  })

  it('refuses new mail while there is little room, lets it be read and acknowledged, and takes it again then', async () => {
    const options = { maxFileBytes: 1_000_000, reserveBytes: 300_000 }
    const store = open(options)
    const large = (id: string) => placementFixture({ messageId: idFixture(id), body: 'x'.repeat(20_000) })
    const kept: string[] = []
    const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
      promise.then(
        () => null,
        (error: unknown) => (error instanceof RelayError ? error.code : error),
      )
    for (let code: unknown = null, n = 0; code === null; n++) {
      code = await codeOf(store.mailboxes.accept([large(`m${n}`)]))
      if (code === null) kept.push(`m${n}`)
      else expect(code).to.equal('ERR_STORAGE_FULL')
    }
    expect(kept.length * 20_000, 'what was kept back is not used').to.be.within(300_000, 800_000)
    expect(await codeOf(store.probe())).to.equal('ERR_STORAGE_FULL')
    expect(await ids(store)).to.deep.equal(kept)
    expect(await store.mailboxes.acknowledge(bob, kept)).to.equal(kept.length)
    expect(await codeOf(store.probe())).to.equal(null)
    expect(await accept(store, [large('after')])).to.deep.equal(['stored'])
  })
})

function flipBit(file: string, at: number, mask = 0x10): void {
  const byte = readFileSync(file)[at] ?? 0
  const handle = openSync(file, 'r+')
  writeSync(handle, Uint8Array.of(byte ^ mask), 0, 1, at)
  closeSync(handle)
}

/** Spoils a page that nobody reads at the start. */
function corruptIndex(file: string): void {
  const db = new Database(file)
  const [root] = db.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'messages_identity'").raw().get() as [
    number,
  ]
  db.close()
  flipBit(file, (root - 1) * 4096, 0x0f)
}
