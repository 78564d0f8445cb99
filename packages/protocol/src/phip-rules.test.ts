import { expect } from 'chai'
import { selectRoutes, type RouteCandidate } from './phip-rules.ts'
import type { Withdrawal } from './phip-withdrawal.ts'
import type { IdentityKey } from './scalars.ts'
import { user } from './testing/vectors.ts'

const nowMs = 1_700_000_000_000
const day = 86_400_000

interface Named extends RouteCandidate {
  readonly name: string
}

/** A token of `hostName` issued `ageDays` ago for 90 days; null: undated. */
function token(name: string, hostName: string, ageDays: number | null, overrides: Partial<Named> = {}): Named {
  const issuedAtMs = nowMs - (ageDays ?? 0) * day
  return {
    name,
    userKey: user.key,
    hostKey: hostName as IdentityKey,
    origin: `https://${hostName}.example`,
    pattern: null,
    dates: ageDays === null ? null : { issuedAtMs, expiresAtMs: issuedAtMs + 90 * day },
    ...overrides,
  }
}

const lasting = (issuedInMs: number, lifeMs: number): Partial<Named> => ({
  dates: { issuedAtMs: nowMs + issuedInMs, expiresAtMs: nowMs + issuedInMs + lifeMs },
})

describe('selectRoutes', () => {
  const otherUser = { userKey: 'other' as IdentityKey }
  const cases: [string, Named[], string[]][] = [
    ['nothing of nothing', [], []],
    ['the newest first', [token('old', 'a', 3), token('new', 'b', 1), token('mid', 'c', 2)], ['new', 'mid', 'old']],
    ['one per host, the latest issued', [token('a1', 'a', 3), token('a2', 'a', 1), token('a0', 'a', 5)], ['a2']],
    ['one of two that are the same', [token('a1', 'a', 1), token('again', 'a', 1)], ['a1']],
    ['none that has expired', [token('gone', 'a', 90), token('b', 'b', 89)], ['b']],
    [
      'none that is issued too far ahead',
      [token('a', 'a', 0, lasting(600_001, day)), token('b', 'b', 0, lasting(600_000, day))],
      ['b'],
    ],
    [
      'none that lives too long',
      [token('a', 'a', 0, lasting(0, 400 * day + 1)), token('b', 'b', 0, lasting(0, 400 * day))],
      ['b'],
    ],
    ['none that is spent', [token('a', 'a', 1, { spent: true }), token('b', 'b', 2)], ['b']],
    [
      'no earlier one of a host that has spent the latest',
      [token('a2', 'a', 1, { spent: true }), token('a1', 'a', 3)],
      [],
    ],
    [
      'a later one of a host that has spent an earlier',
      [token('a1', 'a', 3, { spent: true }), token('a2', 'a', 1)],
      ['a2'],
    ],
    ['no copy of what is spent', [token('a1', 'a', 1, { spent: true }), token('copy', 'a', 1)], []],
    ['no earlier one when the latest has expired', [token('a2', 'a', 0, lasting(-day, 1)), token('a1', 'a', 3)], []],
    ['undated ones in the order given', [token('b', 'b', null), token('a', 'a', null)], ['b', 'a']],
    ['no undated one beside a dated one', [token('u', 'a', null), token('d', 'b', 1)], ['d']],
    ['no undated one beside an expired one', [token('u', 'a', null), token('d', 'b', 100)], []],
    ['no undated one beside a spent dated one', [token('u', 'a', null), token('d', 'b', 1, { spent: true })], []],
    [
      'an undated one beside the dated one of another user',
      [token('u', 'a', null), token('d', 'b', 1, otherUser)],
      ['d', 'u'],
    ],
    ['no undated one that came back', [token('u', 'a', null, { spent: true }), token('again', 'a', null)], []],
    [
      'an undated one whose terms are others than the spent one',
      [token('u', 'a', null, { spent: true }), token('p', 'a', null, { pattern: 'x' })],
      ['p'],
    ],
    ['a host for each of two users', [token('a', 'a', 1), token('o', 'a', 1, otherUser)], ['a', 'o']],
  ]
  for (const [name, candidates, expected] of cases) {
    it(`takes ${name}`, () =>
      expect(selectRoutes(candidates, { nowMs }).map((route) => route.name)).to.deep.equal(expected))
  }

  const gone = (hostName: string, ageDays: number, userKey: string = user.key): Withdrawal => ({
    userKey: userKey as IdentityKey,
    hostKey: hostName as IdentityKey,
    atMs: nowMs - ageDays * day,
  })
  const withdrawn: [string, Named[], Withdrawal[], string[]][] = [
    ['what was issued before', [token('a', 'a', 3), token('b', 'b', 3)], [gone('a', 2)], ['b']],
    ['what was issued at the same moment not', [token('a', 'a', 2)], [gone('a', 2)], ['a']],
    ['what was issued after not', [token('a', 'a', 1), token('old', 'a', 3)], [gone('a', 2)], ['a']],
    ['all hosts', [token('a', 'a', 3), token('b', 'b', 3), token('c', 'c', 1)], [gone('ALL', 2)], ['c']],
    ['by the latest of several', [token('a', 'a', 3)], [gone('a', 2), gone('a', 5)], []],
    ['undated tokens, of any host', [token('u', 'a', null), token('v', 'b', null)], [gone('c', 2)], []],
    ['nothing of another user', [token('a', 'a', 3)], [gone('a', 2, 'other')], ['a']],
    ['no undated token of another user', [token('u', 'b', null)], [gone('b', 2, 'other')], ['u']],
    ['nothing when it is too far ahead', [token('a', 'a', 3)], [gone('a', -(600_001 / day))], ['a']],
    ['everything when it is a little ahead', [token('a', 'a', 0)], [gone('a', -(600_000 / day))], []],
    ['no undated token when it is too far ahead', [token('u', 'a', null)], [gone('ALL', -1)], ['u']],
  ]
  for (const [name, candidates, withdrawals, expected] of withdrawn) {
    it(`a withdrawal ends ${name}`, () =>
      expect(selectRoutes(candidates, { nowMs, withdrawals }).map((route) => route.name)).to.deep.equal(expected))
  }

  it('takes 5 hosts, or as many as asked', () => {
    const many = Array.from({ length: 8 }, (_, index) => token(`t${index}`, `h${index}`, index))
    expect(selectRoutes(many, { nowMs }).map((route) => route.name)).to.deep.equal(['t0', 't1', 't2', 't3', 't4'])
    expect(selectRoutes(many, { nowMs, most: 8 })).to.have.length(8)
  })

  it('asks what is accepted before it counts hosts, and after it knows the latest', () => {
    const many = Array.from({ length: 8 }, (_, index) =>
      token(`t${index}`, `h${index}`, index, { pattern: index < 5 ? 'x' : null }),
    )
    const accepts = ({ pattern }: RouteCandidate) => pattern === null
    expect(selectRoutes(many, { nowMs, accepts }).map((route) => route.name)).to.deep.equal(['t5', 't6', 't7'])
    const narrowed = [token('new', 'a', 1, { pattern: 'x' }), token('old', 'a', 2)]
    expect(selectRoutes(narrowed, { nowMs, accepts })).to.deep.equal([])
  })
})
