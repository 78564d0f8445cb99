import { expect } from 'chai'
import { operatorAnswers, operatorPaths, operatorRequests, parseOperatorRequest } from './operator.ts'
import { specJson, specText } from './testing/spec-vectors.ts'

describe('the calls of an operator', () => {
  it('take and answer what docs/specs/operator-api.md shows', () => {
    for (const call of ['change', 'rule'] as const) {
      const vector = specJson('operator-api.md', call)
      expect(parseOperatorRequest(call, vector)).to.deep.equal(vector)
    }
    const answer = specJson('operator-api.md', 'message')
    expect(operatorAnswers.message.parse(answer)).to.deep.equal(answer)
    expect(specText('operator-api.md', 'change')).to.include('hold')
  })

  it('have a path, a request and an answer each', () => {
    expect(Object.keys(operatorRequests)).to.have.members(Object.keys(operatorPaths))
    expect(Object.keys(operatorAnswers)).to.have.members(Object.keys(operatorPaths))
  })

  it('say where a request is wrong', () => {
    expect(() => parseOperatorRequest('change', { ids: [1], change: 'eat' })).to.throw(/^change: /)
    expect(() => parseOperatorRequest('messages', { limit: 0 })).to.throw(/^limit: /)
  })
})
