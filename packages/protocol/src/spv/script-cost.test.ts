import { expect } from 'chai'
import { scriptCost } from './script-cost.ts'

describe('scriptCost', () => {
  const scripts = [
    { script: '76a914' + '00'.repeat(20) + '88ac', signatureChecks: 1, costlyOperations: 1 },
    { script: '02acac', signatureChecks: 0, costlyOperations: 0 },
    { script: '4c02acacae', signatureChecks: 20, costlyOperations: 0 },
    { script: '7e7e95', signatureChecks: 0, costlyOperations: 3 },
    { script: '4e', signatureChecks: 0, costlyOperations: 0 },
  ]
  for (const { script, ...cost } of scripts) {
    it(`count what ${script} may cost`, () => expect(scriptCost(Buffer.from(script, 'hex'))).to.deep.equal(cost))
  }
})
