import { expect } from 'chai'
import { requestPayload, responsePayload } from './auth-payload.ts'
import { messageKey } from './auth-protocol.ts'
import { IdentityWallet } from './identity-wallet.ts'
import { PayloadWriter } from './payload-writer.ts'
import { aliceKeyHex, hostKeyHex } from './testing/auth-host.ts'

// spec/auth.md section 8: made with @bsv/sdk 2.1.0.
const client = new IdentityWallet(aliceKeyHex)
const host = new IdentityWallet(hostKeyHex)
const requestId = new Uint8Array(32).fill(7)
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex')
const text = (value: string) => Buffer.from(value, 'utf8')

const request = requestPayload({
  requestId,
  method: 'POST',
  path: '/sendMessage',
  search: '',
  headers: [['content-type', 'application/json']],
  body: text('{"a":1}'),
})

describe('the payload of BRC-104', () => {
  it('of a request has the bytes of the vector', () => {
    expect(hex(request)).to.equal(
      '07'.repeat(32) +
        '04504f53540c2f73656e644d657373616765ffffffffffffffffff01' +
        '0c636f6e74656e742d74797065106170706c69636174696f6e2f6a736f6e077b2261223a317d',
    )
    expect(request).to.have.length(98)
  })

  it('of a request is signed with the bytes of the vector', () => {
    const key = messageKey(Buffer.alloc(32, 1).toString('base64'), Buffer.alloc(48, 2).toString('base64'))
    const signature = client.signFor(host.identityKey, key, request)
    expect(hex(signature)).to.equal(
      '304402204421aabf690379bb9d60f323559f276d1071ab365f02c062f5a3e6fde462447a' +
        '0220096cd8a1d811ce1c12babe4fb93a4023ddaadf6e19b9de1f8e831e9e22418075',
    )
    expect(host.verifyFrom(client.identityKey, key, request, signature)).to.equal(true)
  })

  it('of an answer has the bytes of the vector', () => {
    const body = text('{"status":"success"}')
    expect(hex(responsePayload({ requestId, status: 200, headers: [], body }))).to.equal(
      `${'07'.repeat(32)}c800147b22737461747573223a2273756363657373227d`,
    )
    const paid = responsePayload({ requestId, status: 402, headers: [], body: new Uint8Array(0) })
    expect(hex(paid)).to.equal(`${'07'.repeat(32)}fd92010000`)
  })

  it('of a handshake is signed with the bytes of the vector', () => {
    const [own, other] = [Buffer.alloc(48, 3), Buffer.alloc(48, 4)]
    const key = messageKey(own.toString('base64'), other.toString('base64'))
    expect(hex(host.signFor(client.identityKey, key, Buffer.concat([own, other])))).to.equal(
      '3044022048bc2e6f1abba51512cdbb8bbfa93208d4e920bdb2ba5bae5b28aab165231d05' +
        '0220654ec62603bba5844fae05fcd6cdeea84720232ef5d6effe9df06a3517e2f5d4',
    )
  })

  const lengths: [number, string][] = [
    [0xfc, 'fc'],
    [0xfd, 'fdfd00'],
    [0xffff, 'fdffff'],
    [0x10000, 'fe00000100'],
  ]
  for (const [length, varint] of lengths) {
    it(`writes a text of ${length} bytes with the length ${varint}`, () => {
      const written = new PayloadWriter().text('x'.repeat(length)).take()
      expect(hex(written)).to.equal(varint + '78'.repeat(length))
    })
  }

  it('counts a text in bytes of UTF-8, not in characters', () => {
    const writer = new PayloadWriter()
    expect(hex(writer.text('aé😀').take())).to.equal(`07${hex(text('aé😀'))}`)
    expect(hex(writer.text(`${'x'.repeat(251)}é`).take())).to.equal(`fdfd00${'78'.repeat(251)}c3a9`)
    expect(hex(writer.text('\ud800').take())).to.equal('03efbfbd')
  })
})
