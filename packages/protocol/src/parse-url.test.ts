import { expect } from 'chai'
import { parseHostOrigin } from './host-origin.ts'
import { messageboxBaseUrl } from './messagebox-advert.ts'
import { parseUrl } from './parse-url.ts'

describe('parseUrl', () => {
  // What URL.canParse says of these changes after so many calls.
  const odd = ['https://x\u00ca\u0098y.example', 'https://B\u00fccher.example', 'https://\u00c2\u00ad.example']
  const read = (text: string) => [
    parseUrl(text)?.href,
    parseHostOrigin(text, { allowHttp: false }),
    messageboxBaseUrl(text, { allowHttp: false }),
  ]

  it('reads the same text in the same way, however often it was asked before, and never throws', () => {
    const first = odd.map(read)
    for (let round = 0; round < 50_000; round += 1) read(`https://relay${round % 7}.example`)
    expect(odd.map(read)).to.deep.equal(first)
    expect(first.map(([href]) => href)).to.deep.equal([
      undefined,
      'https://xn--bcher-kva.example/',
      'https://xn--2ca.example/',
    ])
  })
})
