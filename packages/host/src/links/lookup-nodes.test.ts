import { NodeReputation } from '@overpost/core'
import { ManualClock, seededRandom } from '@overpost/core/testing'
import { expect } from 'chai'
import { LookupNodes } from './lookup-nodes.ts'

describe('LookupNodes', () => {
  const chosenHere = fetch
  const chosenByOthers: typeof fetch = () => Promise.reject(new Error('guarded'))
  const both = ['ls_phip', 'ls_messagebox']
  const nodes = (found: Record<string, string[]>, mostFound = 4, configured = ['https://own.example']) =>
    new LookupNodes({
      ...{ configured, mostFound, chosenHere, chosenByOthers },
      found: (service) => found[service] ?? [],
      reputation: new NodeReputation(new ManualClock(), seededRandom(1)),
    }).forQuestion()

  it('are all of the configuration, and those found behind the guard, each for what it answers', () => {
    const found = {
      ls_phip: ['https://a.example', 'https://own.example'],
      ls_messagebox: ['https://a.example', 'https://m.example'],
    }
    expect(nodes(found)).to.deep.equal([
      { url: 'https://own.example', fetch: chosenHere, services: both },
      { url: 'https://a.example', fetch: chosenByOthers, services: both },
      { url: 'https://m.example', fetch: chosenByOthers, services: ['ls_messagebox'] },
    ])
  })

  it('are no more than the bound for each service', () => {
    const many = (name: string) => Array.from({ length: 50 }, (_, index) => `https://${name}${index}.example`)
    const asked = nodes({ ls_phip: many('a'), ls_messagebox: many('b') }, 3)
    for (const service of both) {
      expect(
        asked.filter(({ fetch: by, services }) => by === chosenByOthers && services.includes(service)),
      ).to.have.length(3)
    }
    expect(nodes({ ls_phip: many('a') }, 0)).to.have.length(1)
  })
})
