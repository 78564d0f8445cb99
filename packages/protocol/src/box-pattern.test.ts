import { expect } from 'chai'
import { compileBoxPattern } from './box-pattern.ts'

describe('compileBoxPattern', () => {
  const matches = [
    ['inbox', 'my_inbox_2', true],
    ['^inbox$', 'my_inbox', false],
    ['^(payment|invoice)_', 'invoice_inbox', true],
    ['(?i)^INBOX$', 'inbox', true],
    ['ALL$', 'ALL', true],
    ['.', 'x', true],
    ['^(a+)+$', `${'a'.repeat(127)}!`, false],
    ['^.$', '\ud800', true],
  ] as const
  for (const [text, box, isMatch] of matches) {
    it(`${isMatch ? 'finds' : 'does not find'} ${text} in ${JSON.stringify(box.slice(0, 30))}`, () =>
      expect(compileBoxPattern(text)?.test(box)).to.equal(isMatch))
  }

  it('takes 128 characters and no more', () => {
    expect(compileBoxPattern('a'.repeat(128))).not.to.equal(null)
    expect(compileBoxPattern('a'.repeat(129))).to.equal(null)
  })

  const refused = [
    '',
    'ALL',
    '(',
    '[z-a]',
    '(?=a)',
    '\\1',
    'a**',
    '(a{1000}){1000}',
    'a{1000}b{1000}',
    '(?<name',
    '\\pX',
  ]
  for (const text of refused) {
    it(`refuses ${JSON.stringify(text)}`, () => expect(compileBoxPattern(text)).to.equal(null))
  }
})
