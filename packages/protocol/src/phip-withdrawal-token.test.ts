import { expect } from 'chai'
import { bytesToHex } from './hex.ts'
import { phipTokenKey, walletKey } from './names.ts'
import {
  createWithdrawalTokenScript,
  decodeWithdrawalToken,
  verifyWithdrawalToken,
  type WithdrawalToken,
} from './phip-withdrawal-token.ts'
import { signWithdrawal, verifyWithdrawal, withdrawalText, type Withdrawal } from './phip-withdrawal.ts'
import { decodePushDrop, encodePushDrop } from './pushdrop-script.ts'
import { sdkSignatureVerifier } from './sdk-verifier.ts'
import { specText } from './testing/spec-vectors.ts'
import { bytes, host, phip2Script, stranger, user } from './testing/vectors.ts'
import { concatFields, encodeText } from './token-fields.ts'

const verifier = sdkSignatureVerifier()
const terms: Withdrawal = { userKey: user.key, hostKey: host.key, atMs: 1_700_000_000_000 }

/** phip.md section 10: publisher 44. */
const vector = bytes(`
2103bcd14c9257f4f03c6c2a6be70698cbec74d59ec68b026ab8d18ced955700af16ac055048495057
21032c0b7cf95324a07d05398b240174dc0c2be444d96b159aa6c7f7b1e66868099121023c72addb4fdf09af94f0c94d7fe92a386a7e70cf8a1d85916386bb2535c7b1b1
2102466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f1bae3f27080000018bcfe56800
4730450221008bd18ac6a8da422c95bbda7a23bb4b7578d2460216d4a12a282a58e11091a91b02203dea1cf861a00228c270b28b5d2ad804493d0efc280ec341cc69478c37a391db
46304402200cff204399f6125b8a2a528f579fd85ac48bf9815cb70cbf8b04e16c12e3355402202c9b81f341f30d9ff14ea31699e6c9aa51420a3a7d9089566fbd0a98a9dfb71f6d6d6d75`)

const verify = (script: Uint8Array, isBlocked?: (token: WithdrawalToken) => boolean) =>
  verifyWithdrawalToken(script, { verifier, ...(isBlocked === undefined ? {} : { isBlocked }) })

const tokenOf = async (changes: Partial<Withdrawal> = {}, signer = user, publisher = stranger) =>
  createWithdrawalTokenScript(publisher.wallet, await signWithdrawal(signer.wallet, { ...terms, ...changes }))

/** The vector with other fields, signed again by its publisher. */
async function resigned(change: (fields: Uint8Array[]) => Uint8Array[]): Promise<Uint8Array> {
  const { lockingKey, fields } = decodePushDrop(vector)!
  const changed = change(fields.slice(0, -1))
  const { signature } = await stranger.wallet.createSignature({
    ...walletKey(phipTokenKey),
    counterparty: 'anyone',
    data: Array.from(concatFields(changed)),
  })
  return encodePushDrop(lockingKey, [...changed, Uint8Array.from(signature)])
}

const replaced = (at: number, field: Uint8Array | string) =>
  resigned((fields) => fields.with(at, typeof field === 'string' ? encodeText(field) : field))

describe('PHIPW tokens', () => {
  it('are made, decoded and verified as in the vector', async () => {
    expect(bytesToHex(await tokenOf())).to.equal(bytesToHex(vector))
    const token = { ...terms, kind: 'PHIPW', publisherKey: stranger.key, userSignature: vector.slice(153, 224) }
    expect(verify(vector)).to.deep.equal({ token })
    expect(decodeWithdrawalToken(vector)).to.deep.equal(token)
    expect(bytes(specText('withdrawal.md', 'PHIPW'))).to.deep.equal(vector)
  })

  it('carry what the user signed', () => {
    expect(withdrawalText(terms)).to.equal(
      '023c72addb4fdf09af94f0c94d7fe92a386a7e70cf8a1d85916386bb2535c7b1b1 withdraws 02466d7fcae563e5cb09a0d1870bb580344804617879a14949cf22285f1bae3f27 1700000000000',
    )
    const { userSignature: signature } = decodeWithdrawalToken(vector)!
    expect(verifyWithdrawal({ ...terms, signature }, verifier)).to.equal(true)
    expect(verifyWithdrawal({ ...terms, hostKey: 'ALL', signature }, verifier)).to.equal(false)
  })

  it('round-trip for all hosts, and any time', async () => {
    for (const changes of [{ hostKey: 'ALL' }, { atMs: 0 }, { atMs: Number.MAX_SAFE_INTEGER }] as const) {
      expect(verify(await tokenOf(changes)))
        .to.have.property('token')
        .that.deep.includes({ ...terms, ...changes })
    }
    expect(bytes(specText('withdrawal.md', 'PHIPW, from all hosts'))).to.deep.equal(await tokenOf({ hostKey: 'ALL' }))
  })

  it('are not signed for a time that is none', async () => {
    for (const atMs of [-1, 1.5, Number.NaN, 2 ** 53]) {
      const error = await signWithdrawal(user.wallet, { ...terms, atMs }).catch((reason: unknown) => reason)
      expect(error).to.be.instanceOf(RangeError)
    }
  })

  it('of whom the operator blocks are refused (step 9), and only those', () => {
    expect(verify(vector, ({ userKey }) => userKey === user.key)).to.have.property('step', 9)
    expect(verify(vector, ({ userKey }) => userKey === stranger.key)).to.have.property('token')
  })
})

describe('verifyWithdrawalToken refuses', () => {
  const offCurve = `02${'00'.repeat(31)}05`
  const faults: [name: string, step: number, script: () => Uint8Array | Promise<Uint8Array>][] = [
    ['OP_RETURN in place of OP_CHECKSIG', 1, () => vector.with(34, 0x6a)],
    ['an opcode more', 1, () => Uint8Array.from([...vector, 0x51])],
    ['nothing', 1, () => new Uint8Array()],
    ['a field more', 1, () => resigned((fields) => [...fields, encodeText('more')])],
    ['a field less', 1, () => resigned((fields) => fields.slice(0, -1))],
    ['an advert', 1, () => phip2Script.slice(0, -1)],
    ['another identifier', 2, () => replaced(0, 'PHIPX')],
    ["a publisher's key of 32 bytes", 3, () => replaced(1, new Uint8Array(32).fill(2))],
    ["a publisher's key that is not on the curve", 3, () => replaced(1, bytes(offCurve))],
    ['a user key that is not on the curve', 3, () => replaced(2, bytes(offCurve))],
    ['a host that is neither a key nor ALL', 3, () => replaced(3, 'all')],
    ['a time of 7 bytes', 5, () => replaced(4, new Uint8Array(7).fill(1))],
    ['a time beyond all numbers', 5, () => replaced(4, new Uint8Array(8).fill(0xff))],
    ['another publisher', 6, () => replaced(1, bytes(host.key))],
    ['a locking key of somebody else', 6, () => encodePushDrop(bytes(user.key), decodePushDrop(vector)!.fields)],
    ['a flipped bit in the token signature', 7, () => vector.with(280, vector[280]! ^ 1)],
    ['a host that the user did not name', 8, () => replaced(3, bytes(stranger.key))],
    ['all hosts, where the user named one', 8, () => replaced(3, 'ALL')],
    ['another time', 8, () => replaced(4, bytes('0000018bcfe56801'))],
    ["a stranger's signature for the user's", 8, () => tokenOf({}, stranger)],
  ]
  for (const [name, step, script] of faults) {
    it(`${name} (step ${step})`, async () => {
      const made = await script()
      expect(verify(made)).to.have.property('step', step)
      if (step < 6 && !name.includes('curve')) expect(decodeWithdrawalToken(made)).to.equal(null)
    })
  }
})
