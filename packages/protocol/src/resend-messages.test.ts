import { expect } from 'chai'
import { parseResendMessages, resendMessagesAnswerSchema } from './resend-messages.ts'
import { refusal } from './testing/refusal.ts'
import { specJson } from './testing/spec-vectors.ts'

describe('a host asks for what it lost', () => {
  it('as in docs/specs/resend.md', () => {
    const request = specJson('resend.md', 'request')
    expect(parseResendMessages(request)).to.deep.equal(request)
    expect(resendMessagesAnswerSchema.parse(specJson('resend.md', 'answer')).again).to.equal(true)
  })

  for (const json of [null, {}, { log: '' }, { log: 'a b' }, { log: 'a'.repeat(65) }, { log: 1 }]) {
    it(`refuses ${JSON.stringify(json).slice(0, 20)}`, () => {
      expect(refusal(() => parseResendMessages(json))).to.equal('ERR_INVALID_PARAMETERS')
    })
  }
})
