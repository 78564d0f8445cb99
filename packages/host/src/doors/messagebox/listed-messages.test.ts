import type { PagedMessage } from '@overpost/core'
import { contentOf, wrapBody, type BoxName, type IdentityKey, type MessageId } from '@overpost/protocol'
import { expect } from 'chai'
import { listedMessageJson, listedMessages } from './listed-messages.ts'

const [sender, host] = [`02${'aa'.repeat(32)}`, `03${'bb'.repeat(32)}`] as [IdentityKey, IdentityKey]

function messageFixture(overrides: Partial<PagedMessage> = {}): PagedMessage {
  return {
    ...{ recipient: host, sender, box: 'inbox' as BoxName, messageId: 'm1' as MessageId, listedId: 'm1' },
    ...contentOf('hello'),
    ...{ envelope: null, request: null, proof: 'local', sequence: 1, receivedAtMs: 1_700_000_000_000 },
    ...{ originHost: null, acknowledgedElsewhere: false, isPlain: false },
    ...overrides,
  }
}

describe('the text of a listed message', () => {
  const bodies: [name: string, body: string | object][] = [
    ['plain text', 'hello, ~world! #1'],
    ['no text', ''],
    ['quotes and backslashes', 'say "hi" \\ and \\" and \\n'],
    ['control characters', 'a\u0000b\nc\u001fd\u007fe'],
    ['other scripts and signs', 'ü 界 \u2028 \ud83d\udce8'],
    ['half a character', 'a \ud83d b'],
    ['an object', { encryptedMessage: 'aGVsbG8=' }],
    ['an object with all of that', { a: ['"', '\\', { 界: '\n' }], b: null }],
  ]
  for (const [name, body] of bodies) {
    it(`holds the body as it was sent: ${name}`, () => {
      const message = messageFixture(contentOf(body))
      expect(listedMessageJson(message, false).body).to.equal(wrapBody(message))
      expect(JSON.parse(wrapBody(message))).to.deep.equal({ message: body })
      const around = [messageFixture({ isPlain: true }), message, messageFixture()]
      const bytes = listedMessages(around, false, ['{"m":', ',"more":false}'])
      expect(JSON.parse(bytes.toString())).to.deep.equal({
        m: around.map((each) => listedMessageJson(each, false)),
        more: false,
      })
    })
  }

  for (const time of [
    '1970-01-01T00:00:00.000Z',
    '2026-02-28T23:59:59.999Z',
    '2026-03-01T00:00:00.005Z',
    '2028-02-29T09:08:07.060Z',
  ]) {
    it(`tells its time as dates are written: ${time}`, () => {
      const { timestamp, createdAt, created_at, updatedAt, updated_at } = listedMessageJson(
        messageFixture({ receivedAtMs: Date.parse(time) }),
        false,
      )
      expect(timestamp).to.equal(Date.parse(time))
      expect([createdAt, created_at, updatedAt, updated_at]).to.deep.equal([time, time, time, time])
    })
  }

  it('has every field that a message may have, and no other', () => {
    const odd = 'an "odd" \\ id ü'
    const message = messageFixture({
      ...{ messageId: odd as MessageId, listedId: `${odd}~0011aabb`, box: 'my "box"' as BoxName },
      ...{ originHost: host, acknowledgedElsewhere: true, proof: 'envelope' },
      envelope: { timestampMs: 1_699_999_999_999, signatureHex: '3006', hash: 'cc'.repeat(32) },
      request: {
        ...{
          payload: Uint8Array.of(1, 2, 3),
          nonce: 'n',
          sessionNonce: 's',
          signatureHex: '3007',
          hash: 'dd'.repeat(32),
        },
      },
    })
    const time = '2023-11-14T22:13:20.000Z'
    const shown = {
      ...{ messageId: `${odd}~0011aabb`, id: odd, body: '{"message":"hello"}', sender, box: 'my "box"' },
      ...{ timestamp: 1_700_000_000_000, createdAt: time, updatedAt: time, created_at: time, updated_at: time },
      ...{ proof: 'envelope', originHost: host, acknowledgedElsewhere: true },
    }
    expect(listedMessageJson(message, false)).to.deep.equal(shown)
    expect(listedMessageJson(message, true)).to.deep.equal({
      ...shown,
      envelope: { timestamp: 1_699_999_999_999, signature: '3006' },
      request: { signedMessage: 'AQID', senderSignature: '3007', nonce: 'n', yourNonce: 's' },
    })
  })
})
