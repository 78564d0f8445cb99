import { PrivateKey, ProtoWallet } from '@bsv/sdk'
import { IdentityWallet } from '@overpost/auth'
import { base64ToBytes, bytesToBase64 } from '@overpost/protocol'
import { expect } from 'chai'
import { openBody, sealBody } from './body-cipher.ts'

const alice = new IdentityWallet('11'.repeat(32))
const bob = new IdentityWallet('33'.repeat(32))
const carol = new IdentityWallet('55'.repeat(32))
const text = 'hello, ü 界'

describe('the cipher of bodies', () => {
  it('is opened by its recipient, and by nobody else or under another name', async () => {
    const sealed = await sealBody(alice, bob.identityKey, text)
    expect(sealed).not.to.include('hello')
    expect(await openBody(bob, alice.identityKey, sealed)).to.deep.equal({ body: text, secrecy: 'opened' })
    expect(await openBody(carol, alice.identityKey, sealed)).to.deep.equal({ body: sealed, secrecy: 'sealed' })
    expect(await openBody(bob, carol.identityKey, sealed)).to.deep.equal({ body: sealed, secrecy: 'sealed' })
  })

  it('is that of @bsv/message-box-client, both ways', async () => {
    const wallet = new ProtoWallet(PrivateKey.fromHex('11'.repeat(32)))
    const key = { protocolID: [1, 'messagebox'] as [1, string], keyID: '1', counterparty: bob.identityKey }
    const { ciphertext } = await wallet.encrypt({ ...key, plaintext: Array.from(Buffer.from(text)) })
    const theirs = JSON.stringify({ encryptedMessage: bytesToBase64(Uint8Array.from(ciphertext)) })
    expect(await openBody(bob, alice.identityKey, theirs)).to.deep.equal({ body: text, secrecy: 'opened' })

    const ours = JSON.parse(await sealBody(bob, alice.identityKey, text)) as { encryptedMessage: string }
    const opened = await wallet.decrypt({ ...key, ciphertext: Array.from(base64ToBytes(ours.encryptedMessage)!) })
    expect(Buffer.from(opened.plaintext).toString()).to.equal(text)
  })

  const plain: [name: string, body: string | object][] = [
    ['text', text],
    ['text that only looks like JSON', '{"encryptedMessage":'],
    ['an object', { a: 1 }],
    ['a ciphertext that is a number', { encryptedMessage: 7 }],
    ['a ciphertext that is no base64', '{"encryptedMessage":"%"}'],
    ['a list', '["encryptedMessage"]'],
  ]
  for (const [name, body] of plain) {
    it(`leaves alone what is no ciphertext: ${name}`, async () => {
      expect(await openBody(bob, alice.identityKey, body)).to.deep.equal({ body, secrecy: 'plain' })
    })
  }
})
