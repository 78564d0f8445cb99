import { expect } from 'chai'
import type { Destination } from './message.ts'
import { placeMessage } from './place-message.ts'
import { destinationFixture, fixtureNowMs, messageFixture } from './testing/fixtures.ts'
import { seededRandom } from './testing/seeded-random.ts'

const b = destinationFixture('b')

describe('placeMessage', () => {
  const cases: {
    name: string
    given: { isHome: boolean; known: readonly Destination[] | null; isBlind?: boolean }
    goes: { here: string; to: number; seeksOthers: boolean }
  }[] = [
    ...[
      { name: 'to a home here, with the others known', known: [b], goes: { here: 'home', to: 1, seeksOthers: false } },
      { name: 'to a home here, the only one', known: [], goes: { here: 'home', to: 0, seeksOthers: false } },
      { name: 'to a home here, others not known', known: null, goes: { here: 'home', to: 0, seeksOthers: true } },
    ].map(({ known, ...one }) => ({ ...one, given: { isHome: true, known } })),
    {
      name: 'to a home here, where nobody can be asked for others',
      given: { isHome: true, known: null, isBlind: true },
      goes: { here: 'home', to: 0, seeksOthers: false },
    },
    {
      name: 'to a home elsewhere',
      given: { isHome: false, known: [b] },
      goes: { here: 'none', to: 1, seeksOthers: false },
    },
    {
      name: 'to no known home',
      given: { isHome: false, known: null },
      goes: { here: 'guest', to: 0, seeksOthers: false },
    },
  ]
  for (const { name, given, goes } of cases) {
    it(`places a message ${name}`, async () => {
      const { here, forwardings, seeksOthers } = await placeMessage(messageFixture(), fixtureNowMs, {
        homes: { has: () => Promise.resolve(given.isHome) },
        resolver: { cached: () => given.known, isBlind: given.isBlind ?? false },
        random: seededRandom(1),
      })
      expect({ here, to: forwardings.length, seeksOthers }).to.deep.equal(goes)
    })
  }
})
