import { bob, placementFixture } from '@overpost/core/testing'
import Database from 'better-sqlite3'
import { expect } from 'chai'
import { migrate } from '../migrate.ts'
import { WriterContext } from '../writer-context.ts'
import { runBatch } from './run-batch.ts'

describe('runBatch', () => {
  let context: WriterContext
  beforeEach(() => {
    const db = new Database(':memory:')
    migrate(db)
    context = new WriterContext(db)
  })
  afterEach(() => context.db.close())

  const accept = (id: string) => ({
    name: 'acceptPlacements' as const,
    input: [placementFixture({ messageId: id as ReturnType<typeof placementFixture>['message']['messageId'] })],
  })
  const wrong = { name: 'acceptPlacements' as const, input: [{ message: null }] }
  const sequences = (): unknown[] => context.sql('SELECT id & 0xffffffff FROM messages').all().flat()

  const roomy = { hasRoom: () => true, startLogAgain: () => undefined, letBallastGo: () => false }
  const acknowledge = (...listedIds: string[]) => ({
    name: 'acknowledgeMessages' as const,
    input: { owner: bob, listedIds, names: [] },
  })

  it('gives each job its own outcome when one is wrong, and leaves no trace of that', () => {
    const outcomes = runBatch(context, [accept('a'), wrong, accept('b')], roomy)
    expect(outcomes.map(({ kind }) => kind)).to.deep.equal(['done', 'thrown', 'done'])
    expect(sequences()).to.deep.equal([1, 2])
  })

  it('writes nothing of a batch for which there is no room, and goes on with the next', () => {
    limitPages(2)
    const large = { ...accept('large'), input: [placementFixture({ body: 'x'.repeat(100_000) })] }
    const outcomes = runBatch(context, [accept('a'), large, accept('b')], roomy)
    expect(outcomes.map(({ kind }) => kind)).to.deep.equal(['full', 'full', 'full'])
    expect(sequences()).to.deep.equal([])
    const next = runBatch(context, [accept('c')], roomy)
    expect(next).to.containSubset([{ kind: 'done', value: [{ outcome: 'stored' }] }])
    expect(sequences()).to.deep.equal([1])
  })

  it('acknowledges what comes in one batch with mail for which there is no room', () => {
    runBatch(context, [accept('a'), accept('b')], roomy)
    limitPages(0)
    const large = { ...accept('large'), input: [placementFixture({ body: 'x'.repeat(100_000) })] }
    const outcomes = runBatch(context, [acknowledge('a'), large, acknowledge('b')], roomy)
    expect(outcomes).to.deep.equal([{ kind: 'done', value: 1 }, { kind: 'full' }, { kind: 'done', value: 1 }])
    expect(sequences()).to.deep.equal([])
  })

  it('refuses new mail, and does all the rest, when there is little room', () => {
    runBatch(context, [accept('a')], roomy)
    const outcomes = runBatch(context, [accept('b'), acknowledge('a'), accept('c')], { ...roomy, hasRoom: () => false })
    expect(outcomes).to.deep.equal([{ kind: 'full' }, { kind: 'done', value: 1 }, { kind: 'full' }])
    expect(sequences()).to.deep.equal([])
  })

  for (const [parts, what, left] of [
    [4, 'done', 1],
    [2, 'full', 0],
  ] as const) {
    it(`lets ${parts} parts of the ballast go, but no more than it takes, for what makes room: ${what}`, () => {
      const save = { name: 'saveSessionState' as const, input: new Uint8Array(100_000) }
      let ballast: number = parts
      const letBallastGo = (): boolean => {
        if (ballast === 0) return false
        ballast--
        limitPages((parts - ballast) * 10)
        return true
      }
      limitPages(0)
      const outcomes = runBatch(context, [save, accept('a')], { ...roomy, hasRoom: () => false, letBallastGo })
      expect(outcomes.map(({ kind }) => kind)).to.deep.equal([what, 'full'])
      expect(ballast).to.equal(left)
    })
  }

  it('keeps the ballast when the log has room once it begins again, or when it is new mail alone that has none', () => {
    const letBallastGo = (): boolean => expect.fail('let go')
    const save = { name: 'saveSessionState' as const, input: new Uint8Array(100_000) }
    limitPages(0)
    const space = { ...roomy, startLogAgain: () => limitPages(40), letBallastGo }
    expect(runBatch(context, [save], space)).to.containSubset([{ kind: 'done' }])
    const large = { ...accept('large'), input: [placementFixture({ body: 'x'.repeat(500_000) })] }
    expect(runBatch(context, [large], space)).to.deep.equal([{ kind: 'full' }])
  })

  it('counts what it waits for the disk where room is made, too, so that the thread is known to stand still', () => {
    runBatch(context, [accept('a')], roomy)
    limitPages(0)
    const large = { ...accept('large'), input: [placementFixture({ body: 'x'.repeat(100_000) })] }
    const before = context.syncMs
    const startLogAgain = (): void => {
      const endsAtMs = performance.now() + 20
      while (performance.now() < endsAtMs);
    }
    runBatch(context, [large, acknowledge('a')], { ...roomy, startLogAgain })
    expect(context.syncMs - before).to.be.at.least(20)
  })

  function limitPages(more: number): void {
    const pages = context.db.pragma('page_count', { simple: true }) as number
    context.db.pragma(`max_page_count = ${pages + more}`)
  }
})
