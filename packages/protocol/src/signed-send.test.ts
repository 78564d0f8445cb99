import { expect } from 'chai'
import { base64ToBytes } from './base64.ts'
import { parseSignedSend } from './signed-send.ts'
import type { RequestItemJson } from './propagate-message.ts'
import { specJson } from './testing/spec-vectors.ts'
import { bytes, user } from './testing/vectors.ts'

const encoder = new TextEncoder()
const text = (value: string) => {
  const encoded = encoder.encode(value)
  const length = encoded.length < 0xfd ? [encoded.length] : [0xfd, encoded.length & 0xff, encoded.length >> 8]
  return [...length, ...encoded]
}
const absent = Array<number>(9).fill(0xff)
const requestId = Array<number>(32).fill(7)
const jsonType = [1, ...text('content-type'), ...text('application/json')]
const send = JSON.stringify({ message: { recipient: user.key, messageBox: 'inbox', messageId: 'm1', body: 'hello' } })

interface Parts {
  method?: number[]
  path?: number[]
  query?: number[]
  headers?: number[]
  body?: number[]
  after?: number[]
}
const payload = (parts: Parts = {}) => {
  const { method = text('POST'), path = text('/sendMessage'), query = absent, headers = jsonType } = parts
  return Uint8Array.from([
    ...requestId,
    ...[...method, ...path, ...query, ...headers],
    ...[...(parts.body ?? text(send)), ...(parts.after ?? [])],
  ])
}

describe('parseSignedSend', () => {
  it('reads the vector of docs/specs/propagate.md', () => {
    const { signedMessage } = specJson('propagate.md', 'request') as RequestItemJson
    const parsed = parseSignedSend(base64ToBytes(signedMessage) ?? new Uint8Array(0))
    expect(parsed).to.deep.include({ box: 'inbox', body: 'hello' })
    expect(parsed?.recipients.map(({ messageId }) => messageId)).to.deep.equal(['m1', 'm2'])
  })

  it('reads a request with or without headers, with lengths of every form', () => {
    const long = JSON.stringify({ message: { recipient: user.key, messageBox: 'b', body: 'x'.repeat(70_000) } })
    const encoded = encoder.encode(long)
    const wide = [0xfe, encoded.length & 0xff, (encoded.length >> 8) & 0xff, encoded.length >> 16, 0, ...encoded]
    expect(parseSignedSend(payload())?.recipients).to.have.length(1)
    expect(parseSignedSend(payload({ headers: [0] }))?.body).to.equal('hello')
    expect(parseSignedSend(payload({ body: wide }))?.body).to.have.length(70_000)
  })

  const refused: [string, Uint8Array][] = [
    ['nothing', new Uint8Array(0)],
    ['an id and no more', Uint8Array.from(requestId)],
    ['a GET', payload({ method: text('GET') })],
    ['post in small letters', payload({ method: text('post') })],
    ['no method', payload({ method: absent })],
    ['another path', payload({ path: text('/listMessages') })],
    ['a path below', payload({ path: text('/sendMessage/') })],
    ['a path with a prefix', payload({ path: text('/a/sendMessage') })],
    ['no path', payload({ path: absent })],
    ['a query', payload({ query: text('?a=1') })],
    ['an empty query', payload({ query: text('') })],
    ['no headers at all', payload({ headers: absent })],
    ['more headers than there are', payload({ headers: [5] })],
    ['an impossible number of headers', payload({ headers: [0xfe, 0xff, 0xff, 0xff, 0xff] })],
    ['a header without a value', payload({ headers: [1, ...text('a'), ...absent] })],
    ['no body', payload({ body: absent })],
    ['an empty body', payload({ body: [0] })],
    ['a body that is cut off', payload().slice(0, -1)],
    ['bytes after the body', payload({ after: [0] })],
    ['a length beyond the end', payload({ body: [0xfd, 0xff, 0xff] })],
    ['a length that is cut off', payload({ body: [0xfe, 1] })],
    ['a length of 8 bytes', payload({ body: [0xff, 1, 0, 0, 0, 0, 0, 0, 0, 32] })],
    ['no JSON', payload({ body: text('hello') })],
    ['JSON that is no send', payload({ body: text('{}') })],
    ['a send without a recipient', payload({ body: text('{"message":{"messageBox":"inbox","body":"a"}}') })],
    ['JSON that is nested too deep', payload({ body: text(send.replace('"hello"', '['.repeat(99) + ']'.repeat(99))) })],
    ['what a host signs for an answer', bytes(`${'07'.repeat(32)}c80014${'7b7d'.repeat(10)}`)],
  ]
  for (const [name, bytesOf] of refused) {
    it(`refuses ${name}`, () => expect(parseSignedSend(bytesOf)).to.equal(null))
  }
})
