import { LockingScript, PushDrop, Script } from '@bsv/sdk'
import { expect } from 'chai'
import { bytesToHex } from './hex.ts'
import { decodePushDrop, encodePushDrop } from './pushdrop-script.ts'
import { bytes, phip2Script, phipScript, shipScript } from './testing/vectors.ts'

const key = `21${'02'.repeat(33)}`

describe('decodePushDrop and encodePushDrop', () => {
  for (const [name, script] of Object.entries({ phipScript, phip2Script, shipScript })) {
    it(`give back ${name} as it was`, () => {
      const decoded = decodePushDrop(script)
      expect(decoded).not.to.equal(null)
      expect(encodePushDrop(decoded!.lockingKey, decoded!.fields)).to.deep.equal(script)
    })
    it(`find in ${name} what the SDK finds`, () => {
      const theirs = PushDrop.decode(new LockingScript(Script.fromHex(bytesToHex(script)).chunks))
      const ours = decodePushDrop(script)
      expect(ours?.fields.map(bytesToHex)).to.deep.equal(
        theirs.fields.map((field) => bytesToHex(Uint8Array.from(field))),
      )
      expect(bytesToHex(ours!.lockingKey)).to.equal(theirs.lockingPublicKey.toString())
    })
  }

  for (const length of [2, 75, 76, 255, 256, 65_535, 65_536, 70_000]) {
    it(`round-trip fields of ${length} bytes`, () => {
      const fields = [new Uint8Array(length).fill(7), bytes('0102'), new Uint8Array(length).fill(9)]
      expect(decodePushDrop(encodePushDrop(new Uint8Array(33).fill(2), fields))?.fields).to.deep.equal(fields)
    })
  }

  it('has no room for fields that readers disagree about', () => {
    for (const hex of ['', '00', '01', '10', '81']) {
      expect(() => encodePushDrop(new Uint8Array(33), [bytes(hex)]), hex).to.throw(RangeError)
    }
    expect(() => encodePushDrop(new Uint8Array(32), [])).to.throw(RangeError)
    expect(decodePushDrop(encodePushDrop(new Uint8Array(33), [bytes('61')]))?.fields).to.deep.equal([bytes('61')])
  })

  const strange = [
    ['nothing', ''],
    ['a key only', key],
    ['OP_RETURN in place of OP_CHECKSIG', `${key}6a02aabb75`],
    ['OP_DROP in place of OP_CHECKSIG', `${key}7502aabb75`],
    ['a push longer than needed', `${key}ac4c02aabb75`],
    ['a push of two length bytes for a short field', `${key}ac4d0200aabb75`],
    ['a small number as data', `${key}ac010575`],
    ['a number opcode', `${key}ac5575`],
    ['an empty field', `${key}ac0075`],
    ['OP_1NEGATE', `${key}ac4f75`],
    ['no drop', `${key}ac02aabb`],
    ['a drop too many', `${key}ac02aabb7575`],
    ['OP_2DROP for one field', `${key}ac02aabb6d`],
    ['OP_DROP twice in place of OP_2DROP', `${key}ac02aabb02ccdd7575`],
    ['a push that runs past the end', `${key}ac4caa`],
    ['an opcode before the key', `61${key}ac02aabb75`],
    ['an opcode after the drops', `${key}ac02aabb7551`],
    ['an uncompressed key', `41${'04'.repeat(65)}ac02aabb75`],
    ['the lock after the fields', `02aabb75${key}ac`],
  ] as const
  for (const [name, hex] of strange) {
    it(`refuse ${name}`, () => expect(decodePushDrop(bytes(hex))).to.equal(null))
  }

  it('read any bytes without throwing', () => {
    let state = 1
    const next = () => (state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff) >> 16
    for (let round = 0; round < 3000; round += 1) {
      const script = phip2Script.slice(0, round % 3 === 0 ? next() % 297 : undefined)
      for (let change = 0; change < 2; change += 1) script[next() % Math.max(script.length, 1)] = next() & 0xff
      const decoded = decodePushDrop(script)
      if (decoded !== null) expect(encodePushDrop(decoded.lockingKey, decoded.fields)).to.deep.equal(script)
    }
  })
})
