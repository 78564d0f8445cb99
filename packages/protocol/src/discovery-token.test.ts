import { expect } from 'chai'
import { createDiscoveryTokenScript, verifyDiscoveryToken } from './discovery-token.ts'
import { bytesToHex } from './hex.ts'
import { shipTokenKey, walletKey } from './names.ts'
import { decodePushDrop, encodePushDrop } from './pushdrop-script.ts'
import type { HostOrigin } from './scalars.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { bytes, host, origin, shipScript, stranger } from './testing/vectors.ts'
import { concatFields, encodeText } from './token-fields.ts'

const verifier = sdkSignatureVerifier()
const token = { kind: 'SHIP', identityKey: host.key, origin, name: 'tm_phip' } as const

function verify(script: Uint8Array, allowHttp = false) {
  return verifyDiscoveryToken(script, { verifier, allowHttp })
}

async function resigned(change: (fields: Uint8Array[]) => Uint8Array[]): Promise<Uint8Array> {
  const { lockingKey, fields } = decodePushDrop(shipScript)!
  const changed = change(fields.slice(0, -1))
  const { signature } = await host.wallet.createSignature({
    ...walletKey(shipTokenKey),
    counterparty: 'anyone',
    data: Array.from(concatFields(changed)),
  })
  return encodePushDrop(lockingKey, [...changed, Uint8Array.from(signature)])
}

const replaced = (at: number, field: Uint8Array | string) =>
  resigned((fields) => fields.with(at, typeof field === 'string' ? encodeText(field) : field))

describe('SHIP and SLAP tokens', () => {
  it('are made and verified as in the vector', async () => {
    expect(bytesToHex(await createDiscoveryTokenScript(host.wallet, token))).to.equal(bytesToHex(shipScript))
    expect(verify(shipScript)).to.deep.equal({ token: { ...token, baseUrl: origin } })
  })

  it('round-trip as SLAP', async () => {
    const slap = { ...token, kind: 'SLAP', name: 'ls_phip' } as const
    expect(verify(await createDiscoveryTokenScript(host.wallet, slap))).to.deep.equal({
      token: { ...slap, baseUrl: origin },
    })
  })

  it('may have one slash after the base URL, as others write it', async () => {
    const result = verify(await replaced(2, `${origin}/`))
    expect(result).to.deep.equal({ token: { ...token, baseUrl: `${origin}/` } })
  })

  it('lead to http and to this machine only where that is allowed', async () => {
    const local = await createDiscoveryTokenScript(host.wallet, {
      ...token,
      origin: 'http://localhost:8080' as HostOrigin,
    })
    expect(verify(local)).to.have.property('step', 4)
    expect(verify(local, true)).to.have.property('token')
    expect(verify(await replaced(2, 'https://localhost:8080'))).to.have.property('step', 4)
  })

  for (const name of ['phip', 'ls_phip', 'tm_', 'tm_a__b', 'tm_a_', 'tm_Phip', 'tm_v2', `tm_${'a'.repeat(48)}`]) {
    it(`are not made for the topic ${name.slice(0, 20)}`, () =>
      expect(() => createDiscoveryTokenScript(host.wallet, { ...token, name })).to.throw(RangeError))
  }

  const faults: [name: string, step: number, script: () => Uint8Array | Promise<Uint8Array>][] = [
    ['OP_RETURN in place of OP_CHECKSIG', 1, () => shipScript.with(34, 0x6a)],
    ['a field more', 1, () => resigned((fields) => [...fields, encodeText('more')])],
    ['a field less', 1, () => resigned((fields) => fields.slice(0, -1))],
    ['another identifier', 2, () => replaced(0, 'PHIP')],
    ['a key that is not on the curve', 3, () => replaced(1, bytes(`02${'00'.repeat(31)}05`))],
    ['a key as text', 3, () => replaced(1, host.key)],
    ['a path', 4, () => replaced(2, `${origin}/x`)],
    ['two slashes', 4, () => replaced(2, `${origin}//`)],
    ['another scheme', 4, () => replaced(2, 'wss://relay.example')],
    ['an illegal name', 5, () => replaced(3, 'tm_v2')],
    ['a name of the other kind', 5, () => replaced(3, 'ls_phip')],
    [
      'a SHIP key in a SLAP token',
      6,
      () => resigned((f) => f.with(0, encodeText('SLAP')).with(3, encodeText('ls_phip'))),
    ],
    ['a lock of somebody else', 6, () => encodePushDrop(bytes(stranger.key), decodePushDrop(shipScript)!.fields)],
    ['a changed name', 7, () => bytes(bytesToHex(shipScript).replace('746d5f70686970', '746d5f70686971'))],
  ]
  for (const [name, step, script] of faults) {
    it(`are refused with ${name} (step ${step})`, async () => {
      expect(verify(await script())).to.have.property('step', step)
    })
  }
})
