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
  /** What the next batches take. */
  let tookMs: number
  let emptied: (() => void)[]
  beforeEach(() => {
    ;[told, nowMs, logPages, outcomes, tookMs, emptied] = [[], 0, 0, [done], 1, []]
  })

  const ran = (where: string, isAnew: boolean): Ran => {
    told.push(isAnew ? `${where}, anew` : where)
    return { outcomes, tookMs }
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

  it('goes elsewhere after one that is long, and comes back when the disk was quick for a while, not before a minute', async () => {
    const runner = newRunner()
    tookMs = 30
    await run(runner, 1)
    tookMs = 1
    await run(runner, 50)
    expect(told.slice(0, 3)).to.deep.equal(['here', 'elsewhere, anew', 'elsewhere'])
    nowMs = 61_000
    await run(runner, 3)
    expect(told.slice(-3)).to.deep.equal(['elsewhere', 'here, anew', 'here'])
  })

  it('goes elsewhere when each takes a while, as on a disk with slow syncs, and stays there as long as they do', async () => {
    const runner = newRunner()
    tookMs = 11
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
        run: (jobs, isAnew) => ({ ...writer.run(jobs, isAnew), tookMs: 1 }),
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
