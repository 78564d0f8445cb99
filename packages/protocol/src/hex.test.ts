import { expect } from 'chai'
import { bytesToHex, hexToBytes } from './hex.ts'

describe('hex', () => {
  it('writes and reads every byte', () => {
    const all = Uint8Array.from({ length: 256 }, (_, byte) => byte)
    const hex = bytesToHex(all)
    expect(hex).to.equal(Buffer.from(all).toString('hex'))
    expect(hexToBytes(hex)).to.deep.equal(all)
    expect(hexToBytes(hex.toUpperCase())).to.deep.equal(all)
  })

  it('writes more bytes than a function takes arguments', () => {
    const many = Uint8Array.from({ length: 300_001 }, (_, at) => at % 251)
    expect(bytesToHex(many)).to.equal(Buffer.from(many).toString('hex'))
  })

  for (const text of ['0', 'abc', 'zz', '0x', 'a ', '@0', '`0', 'G0', '٠٠']) {
    it(`gives null for ${JSON.stringify(text)}`, () => expect(hexToBytes(text)).to.equal(null))
  }
})
