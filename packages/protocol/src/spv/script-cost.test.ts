import { expect } from 'chai'
import { scriptCost } from './script-cost.ts'

describe('scriptCost', () => {
  const scripts = [
    { script: '76a914' + '00'.repeat(20) + '88ac', signatureChecks: 1, costlyOperations: 1, isPlain: true },
    { script: '02acac', signatureChecks: 0, costlyOperations: 0, isPlain: true },
    { script: '4c02acacae', signatureChecks: 20, costlyOperations: 0, isPlain: false },
    { script: '7e7e95', signatureChecks: 0, costlyOperations: 3, isPlain: false },
    { script: '4e', signatureChecks: 0, costlyOperations: 0, isPlain: true },
    { script: `21${'02'.repeat(33)}ac0161756d`, signatureChecks: 1, costlyOperations: 0, isPlain: true },
    { script: 'a9', signatureChecks: 0, costlyOperations: 1, isPlain: false },
  ]
  for (const { script, ...cost } of scripts) {
    it(`count what ${script} may cost`, () => expect(scriptCost(Buffer.from(script, 'hex'))).to.deep.equal(cost))
  }
})
