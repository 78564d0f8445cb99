import { PushDrop, Transaction, type WalletInterface } from '@bsv/sdk'
import { expect } from 'chai'
import { bytesToHex } from './hex.ts'
import { createMessageboxAdvertScript, messageboxBaseUrl, verifyMessageboxAdvert } from './messagebox-advert.ts'
import { messageboxAdvertKey, walletKey } from './names.ts'
import { decodePushDrop, encodePushDrop } from './pushdrop-script.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { specText } from './testing/spec-vectors.ts'
import { bytes, origin, stranger, user } from './testing/vectors.ts'
import { concatFields, encodeText } from './token-fields.ts'

const verifier = sdkSignatureVerifier()

/** overlay.md section 4. */
const vector = bytes(`21023d0df0a8a167eac6ecd776b9c4f03dbd3badfe8c635fb2a451fc74231914da6dac
21023c72addb4fdf09af94f0c94d7fe92a386a7e70cf8a1d85916386bb2535c7b1b1 1568747470733a2f2f72656c61792e6578616d706c65
473045022100f29a4e7ee962cb1112ff872027808721dfa1a82dd02798e1918447648781e996022045c0dd9b51cd94e4bbd0f6d03a9b8f5852c48970c616d4fd811889468bc2a725 6d75`)

const verify = (script: Uint8Array, allowHttp = false) => verifyMessageboxAdvert(script, { verifier, allowHttp })
const advertOf = (host: string) => createMessageboxAdvertScript(user.wallet, { userKey: user.key, host })

async function resigned(change: (fields: Uint8Array[]) => Uint8Array[], by = user): Promise<Uint8Array> {
  const { lockingKey, fields } = decodePushDrop(vector)!
  const changed = change(fields.slice(0, -1))
  const { signature } = await by.wallet.createSignature({
    ...walletKey(messageboxAdvertKey),
    counterparty: 'anyone',
    data: Array.from(concatFields(changed)),
  })
  return encodePushDrop(lockingKey, [...changed, Uint8Array.from(signature)])
}

describe('message box adverts', () => {
  it('are made and verified as in the vector', async () => {
    expect(bytesToHex(await advertOf(origin))).to.equal(bytesToHex(vector))
    expect(verify(vector)).to.deep.equal({ token: { userKey: user.key, host: origin, baseUrl: origin, origin } })
    expect(bytes(specText('messagebox-advert.md', 'advert'))).to.deep.equal(vector)
  })

  it('are those that the official client makes, field by field with the SDK', async () => {
    const pushDrop = new PushDrop(user.wallet as unknown as WalletInterface)
    const fields = [[...bytes(user.key)], [...encodeText(origin)]]
    const theirs = await pushDrop.lock(fields, [1, 'messagebox advertisement'], '1', 'anyone', true)
    expect(theirs.toHex()).to.equal(bytesToHex(vector))
    const transaction = Transaction.fromHex(new Transaction(1, [], [{ satoshis: 1, lockingScript: theirs }]).toHex())
    const [, host] = PushDrop.decode(transaction.outputs[0]!.lockingScript).fields
    expect(host).to.deep.equal([...encodeText(origin)])
  })

  const urls: [host: string, baseUrl: string | null, origin: string | null][] = [
    ['https://relay.example/', 'https://relay.example', 'https://relay.example'],
    ['https://Relay.example:443', 'https://relay.example', 'https://relay.example'],
    ['https://relay.example:8443', 'https://relay.example:8443', 'https://relay.example:8443'],
    ['https://relay.example/box/', 'https://relay.example/box', null],
    ['http://relay.example', null, null],
    ['https://localhost:3000', null, null],
    ['https://box.localhost', null, null],
    ['https://user@relay.example', null, null],
    ['https://:secret@relay.example', null, null],
    ['https://relay.example/?a', null, null],
    ['https://relay.example?', null, null],
    ['https://relay.example#', null, null],
    ['https://relay.example.', null, null],
    [' https://relay.example', null, null],
    ['https:\\\\relay.example', null, null],
    ['https://relay.example/a\nb', null, null],
    ['javascript:alert(1)', null, null],
    ['relay.example', null, null],
    [`https://relay.example/${'a'.repeat(500)}`, null, null],
  ]
  for (const [host, baseUrl, leadsTo] of urls) {
    it(`${baseUrl === null ? 'may not name' : 'may name'} ${JSON.stringify(host.slice(0, 60))}`, async () => {
      const result = verify(await advertOf(host))
      if (baseUrl === null) expect(result).to.have.property('step', 4)
      else expect(result).to.deep.equal({ token: { userKey: user.key, host, baseUrl, origin: leadsTo } })
    })
  }

  it('lead to http and to this machine in development', async () => {
    expect(verify(await advertOf('http://127.0.0.1:8080/'), true)).to.have.nested.property(
      'token.origin',
      'http://127.0.0.1:8080',
    )
    expect(messageboxBaseUrl('http://localhost:1', { allowHttp: true })).to.equal('http://localhost:1')
  })

  const faults: [name: string, step: number, script: () => Uint8Array | Promise<Uint8Array>][] = [
    ['OP_DROP in place of OP_CHECKSIG', 1, () => vector.with(34, 0x75)],
    ['a field more', 1, () => resigned((fields) => [...fields, encodeText('more')])],
    ['no URL', 1, () => resigned((fields) => fields.slice(0, 1))],
    ['the key as text', 3, () => resigned((fields) => fields.with(0, encodeText(user.key)))],
    ['a key that is not on the curve', 3, () => resigned((fields) => fields.with(0, bytes(`02${'00'.repeat(31)}05`)))],
    ['a URL that is not UTF-8', 4, () => resigned((fields) => fields.with(1, bytes('ffff')))],
    ['the lock of a stranger', 6, () => encodePushDrop(bytes(stranger.key), decodePushDrop(vector)!.fields)],
    ['the user key itself as the lock', 6, () => encodePushDrop(bytes(user.key), decodePushDrop(vector)!.fields)],
    ['another URL', 7, () => bytes(bytesToHex(vector).replace('72656c6179', '72656c617a'))],
    ["a stranger's signature", 7, () => resigned((fields) => fields, stranger)],
  ]
  for (const [name, step, script] of faults) {
    it(`are refused with ${name} (step ${step})`, async () => {
      expect(verify(await script())).to.have.property('step', step)
    })
  }
})
