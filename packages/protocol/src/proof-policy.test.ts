import { expect } from 'chai'
import { demandedProof, isCiphertext, noDemand, parseProofPolicy, type ProofDemand } from './proof-policy.ts'
import { refusal } from './testing/refusal.ts'

const ciphertext = '{"encryptedMessage":"AAEC"}'

describe('the demand for a proof', () => {
  const all = (minimum: ProofDemand['minimum']): ProofDemand => ({ minimum, plaintextOnly: false })
  const plain = (minimum: ProofDemand['minimum']): ProofDemand => ({ minimum, plaintextOnly: true })
  const cases: [name: string, demands: ProofDemand[], ofPlaintext: string, ofCiphertext: string][] = [
    ['nothing', [], 'host', 'host'],
    ['no demand', [noDemand], 'host', 'host'],
    ['one', [all('brc94')], 'brc94', 'brc94'],
    ['one for plaintext', [plain('envelope')], 'envelope', 'host'],
    ['the strictest of several', [all('brc94'), plain('envelope'), all('host')], 'envelope', 'brc94'],
    ['the strictest, in another order', [plain('envelope'), all('brc94')], 'envelope', 'brc94'],
  ]
  for (const [name, demands, ofPlaintext, ofCiphertext] of cases) {
    it(`of ${name}: ${ofPlaintext}, of ciphertext ${ofCiphertext}`, () => {
      expect(demandedProof(demands, 'hello')).to.equal(ofPlaintext)
      expect(demandedProof(demands, ciphertext)).to.equal(ofCiphertext)
    })
  }

  it('knows ciphertext by its form', () => {
    expect(isCiphertext(ciphertext)).to.equal(true)
    for (const body of [
      'hello',
      '{}',
      '{"encryptedMessage":1}',
      '{"encryptedMessage":"A","a":1}',
      '{"encryptedMessage":',
    ]) {
      expect(isCiphertext(body), body).to.equal(false)
    }
  })
})

describe('parseProofPolicy', () => {
  it('reads a demand, or a question', () => {
    expect(parseProofPolicy({ messageBox: 'inbox' })).to.deep.equal({ box: 'inbox', demand: null })
    expect(parseProofPolicy({ messageBox: 'inbox', minimum: 'brc94' })).to.deep.equal({
      box: 'inbox',
      demand: { minimum: 'brc94', plaintextOnly: false },
    })
    expect(parseProofPolicy({ messageBox: 'inbox', minimum: 'envelope', plaintextOnly: true }).demand).to.deep.equal({
      ...{ minimum: 'envelope', plaintextOnly: true },
    })
  })
  const refused: [unknown, string][] = [
    [{}, 'ERR_MESSAGEBOX_REQUIRED'],
    [null, 'ERR_MESSAGEBOX_REQUIRED'],
    [{ messageBox: '' }, 'ERR_MESSAGEBOX_REQUIRED'],
    [{ messageBox: ' ' }, 'ERR_INVALID_MESSAGEBOX'],
    [{ messageBox: {} }, 'ERR_INVALID_MESSAGEBOX'],
    [{ messageBox: 'a', minimum: 'local' }, 'ERR_INVALID_PARAMETERS'],
    [{ messageBox: 'a', minimum: 'linkage' }, 'ERR_INVALID_PARAMETERS'],
    [{ messageBox: 'a', minimum: 1 }, 'ERR_INVALID_PARAMETERS'],
    [{ messageBox: 'a', minimum: 'host', plaintextOnly: 1 }, 'ERR_INVALID_PARAMETERS'],
    [{ messageBox: 'a', plaintextOnly: true }, 'ERR_INVALID_PARAMETERS'],
  ]
  for (const [json, code] of refused) {
    it(`refuses ${JSON.stringify(json)} with ${code}`, () =>
      expect(refusal(() => parseProofPolicy(json))).to.equal(code))
  }
})
