import { expect } from 'chai'
import { contentOf, unwrapBody, wrapBody } from './content.ts'
import { specJson } from './testing/spec-vectors.ts'

describe('content', () => {
  for (const { sent, listed } of specJson('message-box.md', 'wrapped bodies') as {
    sent: string | object
    listed: string
  }[]) {
    it(`is listed and read as in docs/specs/message-box.md: ${listed.slice(0, 30)}`, () => {
      expect(wrapBody(contentOf(sent))).to.equal(listed)
      expect(listed).to.equal(JSON.stringify({ message: sent }))
      expect(unwrapBody(listed)).to.deep.equal(sent)
    })
  }

  it('keeps strings as they are, even those that look like JSON', () => {
    expect(contentOf('{"a":1}')).to.deep.equal({ contentType: 'text/plain', body: '{"a":1}' })
    expect(contentOf({ a: 1 })).to.deep.equal({ contentType: 'application/json', body: '{"a":1}' })
  })

  for (const listed of ['hello', '{"a":1}', '{"message":5}', 'null', '"text"', '[1]', '{']) {
    it(`leaves ${listed} unwrapped, as a relay of BRC-33 to the letter lists it`, () =>
      expect(unwrapBody(listed)).to.equal(listed))
  }
})
