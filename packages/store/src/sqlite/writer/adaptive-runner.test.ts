import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bob, forwardedFixture, idFixture, placementFixture } from '@overpost/core/testing'
import Database from 'better-sqlite3'
import { expect } from 'chai'
import { migrate } from '../migrate.ts'
import { AdaptiveRunner } from './adaptive-runner.ts'
import { BatchWriter } from './batch-writer.ts'
import { GroupCommit } from './group-commit.ts'
import type { Job, JobOutcome } from './run-batch.ts'
import { ThreadRunner } from './thread-runner.ts'
import type { Ran, WriterElsewhere, WriterHere } from './writers.ts'

const job: Job = { name: 'probe', input: null }
const done: JobOutcome = { kind: 'done', value: null }

describe('AdaptiveRunner', () => {
  let told: string[]
  let nowMs: number
  let logPages: number
  let outcomes: JobOutcome[]
  /** How long the next batches wait for the disk. */
  let syncMs: number
  let emptied: (() => void)[]
  beforeEach(() => {
    ;[told, nowMs, logPages, outcomes, syncMs, emptied] = [[], 0, 0, [done], 1, []]
  })

  const ran = (where: string, isAnew: boolean): Ran => {
    told.push(isAnew ? `${where}, anew` : where)
    return { outcomes, syncMs }
  }
  const here: WriterHere = {
    run: (_, isAnew) => ran('here', isAnew),
    leaveLog: () => 100,
    logPages: () => logPages,
    close: () => told.push('closed here'),
  }
  const elsewhere: WriterElsewhere = {
    run: (_, isAnew) => Promise.resolve(ran('elsewhere', isAnew)),
    emptyLog: () =>
      new Promise((resolve) => {
        told.push('empties')
        emptied.push(resolve)
      }),
    [Symbol.asyncDispose]: () => Promise.resolve(void told.push('closed elsewhere')),
  }
  const newRunner = (): AdaptiveRunner => new AdaptiveRunner(here, elsewhere, () => nowMs)

  async function run(runner: AdaptiveRunner, batches: number): Promise<void> {
    for (let n = 0; n < batches; n++) expect(await runner.run([job])).to.equal(outcomes)
  }

  it('runs batches here while they are quick', async () => {
    await run(newRunner(), 100)
    expect(new Set(told)).to.deep.equal(new Set(['here']))
  })

  it('goes elsewhere after a long sync, and comes back when the disk was quick for a while, not before a second', async () => {
    const runner = newRunner()
    syncMs = 30
    await run(runner, 1)
    syncMs = 1
    await run(runner, 50)
    expect(told.slice(0, 3)).to.deep.equal(['here', 'elsewhere, anew', 'elsewhere'])
    nowMs = 1_001
    await run(runner, 3)
    expect(told.slice(-3)).to.deep.equal(['elsewhere', 'here, anew', 'here'])
  })

  it('stays elsewhere longer each time that a sync is long again, up to a minute, and a second only when it was well for long', async () => {
    const runner = newRunner()
    const stays: number[] = []
    for (let times = 0; times < 9; times++) {
      // In the eighth round the disk was well for longer than a minute.
      if (times === 8) nowMs += 61_000
      syncMs = 30
      await run(runner, 1)
      syncMs = 1
      await run(runner, 50)
      const leftAtMs = nowMs
      while (told.at(-1) !== 'here, anew') {
        nowMs += 1_000
        await run(runner, 1)
        if (told.at(-1) === 'elsewhere') await run(runner, 1)
      }
      stays.push((nowMs - leftAtMs) / 1_000)
    }
    expect(stays).to.deep.equal([2, 3, 5, 9, 17, 33, 61, 61, 2])
  })

  it('goes elsewhere when each takes a while, as on a disk with slow syncs, and stays there as long as they do', async () => {
    const runner = newRunner()
    syncMs = 11
    await run(runner, 20)
    const moved = told.indexOf('elsewhere, anew')
    expect(moved).to.be.within(2, 10)
    nowMs = 61_000
    await run(runner, 200)
    expect(told.slice(moved + 1).every((where) => where === 'elsewhere')).to.equal(true)
  })

  for (const outcome of [
    { kind: 'full' },
    { kind: 'unavailable', error: new Error('disk'), fault: 'failing' },
  ] as const satisfies JobOutcome[]) {
    it(`goes elsewhere when the disk is ${outcome.kind}`, async () => {
      const runner = newRunner()
      outcomes = [outcome]
      await run(runner, 2)
      expect(told).to.deep.equal(['here', 'elsewhere, anew'])
    })
  }

  it('has the log emptied elsewhere while it goes on, and the rest of it before the next batch', async () => {
    const runner = newRunner()
    logPages = 101
    await run(runner, 3)
    expect(told).to.deep.equal(['empties', 'here', 'here', 'here'])
    emptied.shift()?.()
    await Promise.resolve()
    const next = runner.run([job])
    await Promise.resolve()
    expect(told.slice(4)).to.deep.equal(['empties'])
    emptied.shift()?.()
    logPages = 1
    await next
    await run(runner, 1)
    expect(told.slice(5)).to.deep.equal(['here', 'here'])
  })

  it('closes the writer elsewhere last', async () => {
    await newRunner()[Symbol.asyncDispose]()
    expect(told).to.deep.equal(['closed here', 'closed elsewhere'])
  })

  describe('over a file', () => {
    const dir = mkdtempSync(join(tmpdir(), 'overpost-runner-'))
    const file = join(dir, 'store.sqlite')
    before(() => {
      const db = new Database(file)
      migrate(db)
      db.close()
    })
    after(() => rmSync(dir, { recursive: true }))

    it('the two writers go on where the other one was, with sequences and ids', async () => {
      const nextOutgoingId = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT)
      const data = { file, maxFileBytes: null, quotas: null, reserveBytes: 0, nextOutgoingId }
      const [writer, thread] = [new BatchWriter(data), new ThreadRunner(data)]
      const accept = (n: number): Job[] => [
        { name: 'acceptPlacements', input: [placementFixture({ messageId: idFixture(`in ${n}`) })] },
        { name: 'acceptPlacements', input: [forwardedFixture(['hosta'], { messageId: idFixture(`out ${n}`) })] },
      ]
      const outcomesOf = async (n: number): Promise<readonly JobOutcome[]> => {
        // By turns, and each anew.
        return (n % 2 === 0 ? writer.run(accept(n), n > 0) : await thread.run(accept(n), true)).outcomes
      }
      for (let n = 0; n < 6; n++) {
        expect((await outcomesOf(n)).map(({ kind }) => kind)).to.deep.equal(['done', 'done'])
      }
      writer.close()
      await thread[Symbol.asyncDispose]()

      const db = new Database(file)
      const column = (sql: string): unknown[] => db.prepare(sql).pluck().all()
      expect(column('SELECT id & 0xffffffff FROM messages ORDER BY id')).to.deep.equal([1, 2, 3, 4, 5, 6])
      expect(column('SELECT last_sequence FROM mailboxes')).to.deep.equal([6])
      expect(column('SELECT id FROM outgoing ORDER BY id')).to.deep.equal([1, 2, 3, 4, 5, 6])
      expect(column('SELECT key FROM identities').map((key) => (key as Buffer).toString('hex'))).to.include(bob)
      expect(column('SELECT count(*) FROM destinations')).to.deep.equal([1])
      db.close()
    })

    it('keeps the log short while it writes without a pause', async () => {
      const nextOutgoingId = new SharedArrayBuffer(Float64Array.BYTES_PER_ELEMENT)
      const data = { file, maxFileBytes: null, quotas: null, reserveBytes: 0, nextOutgoingId }
      const [writer, thread] = [new BatchWriter(data), new ThreadRunner(data)]
      const quick: WriterHere = {
        run: (jobs, isAnew) => ({ ...writer.run(jobs, isAnew), syncMs: 1 }),
        leaveLog: () => writer.leaveLog(),
        logPages: () => writer.logPages(),
        close: () => writer.close(),
      }
      await using writing = new GroupCommit(new AdaptiveRunner(quick, thread))
      const body = 'x'.repeat(500_000)
      for (let n = 0; n < 300; n++) {
        await writing.run('acceptPlacements', [placementFixture({ messageId: idFixture(`large ${n}`), body })])
      }
      expect(statSync(file).size + statSync(`${file}-wal`).size).to.be.above(150_000_000)
      expect(statSync(`${file}-wal`).size).to.be.below(100_000_000)
    })
  })
})
