import { placementFixture } from '@overpost/core/testing'
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

  it('gives each job its own outcome when one is wrong, and leaves no trace of that', () => {
    const outcomes = runBatch(context, [accept('a'), wrong, accept('b')])
    expect(outcomes.map(({ kind }) => kind)).to.deep.equal(['done', 'thrown', 'done'])
    expect(sequences()).to.deep.equal([1, 2])
  })

  it('writes nothing of a batch when the disk fails in it, and goes on with the next', () => {
    const pages = context.db.pragma('page_count', { simple: true }) as number
    context.db.pragma(`max_page_count = ${pages + 2}`)
    const large = { ...accept('large'), input: [placementFixture({ body: 'x'.repeat(100_000) })] }
    const outcomes = runBatch(context, [accept('a'), large, accept('b')])
    expect(outcomes.map(({ kind }) => kind)).to.deep.equal(['unavailable', 'unavailable', 'unavailable'])
    expect(sequences()).to.deep.equal([])
    expect(runBatch(context, [accept('c')])).to.deep.equal([{ kind: 'done', value: ['stored'] }])
    expect(sequences()).to.deep.equal([1])
  })
})
