import { expect } from 'chai'
import { FeedStandings, runFeedFollower } from './follow-feeds.ts'
import type { EventFeed, FeedCursor, FeedNews, FeedPage } from './ports/event-feed.ts'
import { ManualClock, outpointFixture, seededRandom } from './testing/index.ts'

const news = (name: string): FeedNews => ({ kind: 'spend', outpoint: outpointFixture(name), script: null })

/** A feed whose answers the test gives, one by one. */
class ScriptedFeed implements EventFeed {
  readonly node = 'https://node.example'
  readonly topic = 'tm_phip'
  readonly cursors: (FeedCursor | null)[] = []
  #answer: { give: (page: FeedPage) => void; fail: (error: Error) => void } | null = null
  #asked: (() => void) | null = null

  read(cursor: FeedCursor | null, signal: AbortSignal): Promise<FeedPage> {
    this.cursors.push(cursor)
    return new Promise((resolve, reject) => {
      this.#answer = { give: resolve, fail: reject }
      signal.addEventListener('abort', () => reject(new Error('aborted')))
      this.#asked?.()
      this.#asked = null
    })
  }

  /** Resolves when the feed is being read. */
  async asked(): Promise<void> {
    if (this.#answer === null) await new Promise<void>((resolve) => (this.#asked = resolve))
  }

  async give(page: FeedPage | Error): Promise<void> {
    await this.asked()
    const answer = this.#answer
    this.#answer = null
    if (page instanceof Error) answer?.fail(page)
    else answer?.give(page)
    await settled()
  }
}

/** What was promised so far has gone on as far as it can. */
async function settled(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve()
}

describe('runFeedFollower', () => {
  const clock = new ManualClock()
  let feed: ScriptedFeed
  let heard: string[]
  let failures: number
  let standings: FeedStandings
  let stop: AbortController
  let running: Promise<void>
  beforeEach(() => {
    ;[feed, heard, failures] = [new ScriptedFeed(), [], 0]
    stop = new AbortController()
    standings = new FeedStandings(clock, () => ['https://node.example tm_phip'])
    running = runFeedFollower(
      {
        feeds: () => [feed],
        news: { heard: (_, { outpoint }) => heard.push(outpoint) },
        ...{ standings, clock, random: seededRandom(1), events: { feedFailed: () => failures++ } },
      },
      stop.signal,
    )
  })
  afterEach(async () => {
    stop.abort()
    await running
  })

  const page = (since: number, ...names: string[]): FeedPage => ({
    ...{ kind: 'news', news: names.map(news), cursor: { since, log: 'l' }, more: false, bytes: 0 },
  })
  /** The next question, after whatever pause there is before it. */
  const next = async (): Promise<void> => {
    await settled()
    clock.advance(61_000)
    await feed.asked()
  }

  it('begins where the log ends, tells what comes, and goes on from there', async () => {
    await feed.give(page(7))
    await next()
    await feed.give(page(9, 'a', 'b'))
    await next()
    expect(feed.cursors).to.deep.equal([null, { since: 7, log: 'l' }, { since: 9, log: 'l' }])
    expect(heard).to.deep.equal([outpointFixture('a'), outpointFixture('b')])
  })

  it('resumes from its number when the node comes back, and counts as followed only while it answers', async () => {
    expect(standings.followedSinceMs()).to.equal(null)
    await feed.give(page(7))
    const sinceMs = clock.nowMs()
    expect(standings.followedSinceMs()).to.equal(sinceMs)
    await next()
    await feed.give(new Error('gone'))
    expect(standings.followedSinceMs()).to.equal(null)
    await next()
    await feed.give(new Error('still gone'))
    await next()
    await feed.give({ ...page(8, 'a'), more: true } as FeedPage)
    expect(standings.followedSinceMs(), 'while it catches up').to.equal(null)
    await next()
    await feed.give(page(8))
    expect(standings.followedSinceMs(), 'without a gap').to.equal(sinceMs)
    expect(heard).to.deep.equal([outpointFixture('a')])
    expect(failures, 'told once').to.equal(1)
    expect(feed.cursors.slice(1, 4)).to.deep.equal(Array.from({ length: 3 }, () => ({ since: 7, log: 'l' })))
  })

  it('begins anew, and counts as followed from then only, when the node has another log', async () => {
    await feed.give(page(7))
    await next()
    await feed.give({ kind: 'start again' })
    expect(standings.followedSinceMs()).to.equal(null)
    await next()
    expect(feed.cursors.at(-1)).to.equal(null)
    await feed.give(page(2))
    expect(standings.followedSinceMs()).to.equal(clock.nowMs())
  })

  it('does not run in circles with a node that answers nothing at once', async () => {
    await feed.give(page(7))
    await settled()
    expect(feed.cursors).to.have.length(1)
    clock.advance(1_000)
    await feed.asked()
    expect(feed.cursors).to.have.length(2)
  })
})
