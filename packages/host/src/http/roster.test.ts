import { expect } from 'chai'
import { Roster } from './roster.ts'

describe('a roster', () => {
  it('has what came and has not gone, in whatever order they go', () => {
    const roster = new Roster<string>()
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => roster.add(name))
    b!()
    expect([...roster]).to.have.members(['a', 'c', 'd'])
    d!()
    a!()
    expect([...roster]).to.deep.equal(['c'])
    roster.add('e')
    c!()
    expect([...roster]).to.deep.equal(['e'])
    expect(roster.size).to.equal(1)
  })
})
