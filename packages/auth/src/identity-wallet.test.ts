import {
  BigNumber,
  Point,
  PrivateKey,
  ProtoWallet,
  PublicKey,
  Schnorr,
  type RevealSpecificKeyLinkageResult,
  type WalletProtocol,
} from '@bsv/sdk'
import { expect } from 'chai'
import { IdentityWallet } from './identity-wallet.ts'
import { decodeDer, encodeDer } from './signature-der.ts'
import { SeededRandom } from './testing/seeded-random.ts'

const calls = 1000
const random = new SeededRandom(20_260_729)
const hex = (bytes: ArrayLike<number>) => Buffer.from(Array.from(bytes)).toString('hex')

// ProtoWallet needs some milliseconds for each new derivation: one call in ten has a key of its own, all data is new.
const people = ['11'.repeat(32), '22'.repeat(32), '00'.repeat(31) + '07', hex(random.bytes(32))].map((privateKey) => ({
  proto: new ProtoWallet(PrivateKey.fromHex(privateKey)),
  own: new IdentityWallet(privateKey),
}))
const strangers = people.map(({ own }) => own.identityKey as string)
const counterparties = ['self', 'anyone', undefined, ...strangers]
const protocols: WalletProtocol[] = [
  [2, 'auth message signature'],
  [1, 'Phip Message Envelope '],
  [0, 'hello world 42'],
]
const keyIds = [
  '1',
  ' ',
  'ключ 🔑',
  '\ufffd\ufffd',
  'k'.repeat(800),
  ...Array.from({ length: 4 }, () => hex(random.bytes(9))),
]

function names(): { protocolID: WalletProtocol; keyID: string; counterparty?: string } {
  const counterparty = random.pick(counterparties)
  const named = {
    protocolID: random.pick(protocols),
    keyID: random.below(10) === 0 ? hex(random.bytes(12)) : random.pick(keyIds),
  }
  return counterparty === undefined ? named : { ...named, counterparty }
}

function data(): number[] {
  return random.bytes(random.pick([0, 1, 16, 31, 32, 33, 55, 56, 64, 200]))
}

/** The result, or what was thrown: its message and code. */
async function outcome<T>(work: () => Promise<T>): Promise<{ value: T } | { message: string; code: unknown }> {
  try {
    return { value: await work() }
  } catch (error) {
    return { message: (error as Error).message, code: (error as { code?: unknown }).code }
  }
}

async function valueOf<T>(work: () => Promise<T>): Promise<T> {
  const result = await outcome(work)
  if ('value' in result) return result.value
  throw new Error(`unexpected: ${result.message}`)
}

describe('IdentityWallet equals ProtoWallet over 1,000 random calls of each method', function () {
  this.timeout(120_000)

  it('getPublicKey: the same keys', async () => {
    for (let call = 0; call < calls; call++) {
      const { proto, own } = random.pick(people)
      const args = { ...names(), forSelf: random.below(2) === 0 }
      expect(await own.getPublicKey(args)).to.deep.equal(await proto.getPublicKey(args))
      if (call < 20) {
        const fresh = { ...args, keyID: hex(random.bytes(8)) }
        expect(await own.getPublicKey(fresh)).to.deep.equal(await proto.getPublicKey(fresh))
        const identity = { identityKey: true } as const
        expect(await own.getPublicKey(identity)).to.deep.equal(await proto.getPublicKey(identity))
      }
    }
  })

  it('createSignature: the same bytes (RFC 6979, low s, DER)', async () => {
    for (let call = 0; call < calls; call++) {
      const { proto, own } = random.pick(people)
      const hash = random.below(4) === 0
      const args = {
        ...names(),
        ...(hash ? { hashToDirectlySign: random.bytes(random.pick([0, 20, 32])) } : { data: data() }),
      }
      const theirs = await proto.createSignature(args)
      expect(await own.createSignature(args)).to.deep.equal(theirs)
      if (hash) continue
      const bytes = Uint8Array.from('data' in args ? args.data : [])
      expect(Array.from(own.signFor(args.counterparty ?? 'anyone', args, bytes))).to.deep.equal(theirs.signature)
    }
  })

  it('verifySignature: the same answers and errors for good, altered and malformed signatures', async () => {
    for (let call = 0; call < calls; call++) {
      const { proto, own } = random.pick(people)
      const signer = random.pick(people)
      const { protocolID, keyID } = names()
      const forSelf = random.below(4) === 0
      const payload = data()
      const { signature } = forSelf
        ? await own.createSignature({ protocolID, keyID, counterparty: signer.own.identityKey, data: payload })
        : await signer.own.createSignature({ protocolID, keyID, counterparty: own.identityKey, data: payload })
      const altered = alter(signature)
      const args = {
        protocolID,
        keyID,
        counterparty: signer.own.identityKey,
        forSelf,
        data: payload,
        signature: altered,
      }
      const theirs = await outcome(() => proto.verifySignature(args))
      const ours = await outcome(() => own.verifySignature(args))
      // Which fault of a malformed signature is named first is all that may differ.
      if ('message' in theirs && theirs.code === undefined)
        expect(ours).to.include.keys('message').and.property('code').equals(undefined)
      else expect(ours).to.deep.equal(theirs)
      if (forSelf) continue
      const valid = own.verifyFrom(args.counterparty, args, Uint8Array.from(payload), Uint8Array.from(altered))
      expect(valid).to.equal('value' in theirs)
    }
  })

  it('createHmac: the same bytes', async () => {
    for (let call = 0; call < calls; call++) {
      const { proto, own } = random.pick(people)
      const args = { ...names(), data: data() }
      expect(await own.createHmac(args)).to.deep.equal(await proto.createHmac(args))
    }
  })

  it('verifyHmac: the same answers and errors', async () => {
    for (let call = 0; call < calls; call++) {
      const { proto, own } = random.pick(people)
      const args = { ...names(), data: data() }
      const { hmac } = await own.createHmac(args)
      const kind = random.below(3)
      const given = { ...args, hmac: kind === 0 ? hmac : kind === 1 ? flip(hmac) : hmac.slice(1) }
      const theirs = await outcome(() => proto.verifyHmac(given))
      expect(await outcome(() => own.verifyHmac(given))).to.deep.equal(theirs)
      expect('value' in theirs).to.equal(kind === 0)
    }
  })

  it('encrypt: ProtoWallet decrypts what we encrypt', async () => {
    for (let call = 0; call < calls; call++) {
      const { proto, own } = random.pick(people)
      const args = { ...names(), plaintext: data() }
      const { ciphertext } = await own.encrypt(args)
      expect(ciphertext).to.have.length(args.plaintext.length + 48)
      // ProtoWallet encrypts nothing at all, but refuses to decrypt it: so do we.
      if (args.plaintext.length === 0) {
        const theirs = await outcome(() => proto.decrypt({ ...args, ciphertext }))
        expect(await outcome(() => own.decrypt({ ...args, ciphertext }))).to.deep.equal(theirs)
      } else expect((await proto.decrypt({ ...args, ciphertext })).plaintext).to.deep.equal(args.plaintext)
    }
  })

  it('decrypt: we decrypt what ProtoWallet encrypts, and refuse the rest with its errors', async () => {
    for (let call = 0; call < calls; call++) {
      const { proto, own } = random.pick(people)
      const args = { ...names(), plaintext: [random.below(256), ...data()] }
      const { ciphertext } = await proto.encrypt(args)
      const bytes = ciphertext
      expect((await own.decrypt({ ...args, ciphertext: bytes })).plaintext).to.deep.equal(args.plaintext)
      const kind = random.below(20)
      if (kind > 1) continue
      const bad = { ...args, ciphertext: kind === 0 ? flip(bytes) : bytes.slice(0, 47) }
      expect(await outcome(() => own.decrypt(bad))).to.deep.equal(await outcome(() => proto.decrypt(bad)))
    }
  })

  it('revealSpecificKeyLinkage: the verifier opens the same linkage', async () => {
    for (let call = 0; call < calls; call++) {
      const { proto, own } = random.pick(people)
      const verifier = random.pick(people)
      const { protocolID, keyID, counterparty = 'anyone' } = names()
      const args = { protocolID, keyID, counterparty, verifier: verifier.own.identityKey }
      const ours = await own.revealSpecificKeyLinkage(args)
      // What ProtoWallet encrypts, its key deriver computes: reading it there saves its slow encryption in each round.
      const theirs = call < 50 ? await proto.revealSpecificKeyLinkage(args) : null
      const opening = {
        protocolID: [2, `specific linkage revelation ${protocolID[0]} ${protocolID[1]}`] as WalletProtocol,
        keyID,
        counterparty: own.identityKey,
      }
      const open = async (ciphertext: number[]) => (await verifier.own.decrypt({ ...opening, ciphertext })).plaintext
      const linkage = proto.keyDeriver?.revealSpecificSecret(counterparty, protocolID, keyID)
      expect(await open(ours.encryptedLinkage)).to.deep.equal(linkage)
      expect(await open(ours.encryptedLinkageProof)).to.deep.equal([0])
      if (theirs === null) continue
      expect(await open(theirs.encryptedLinkage)).to.deep.equal(linkage)
      expect(plain(ours)).to.deep.equal(plain(theirs))
    }
  })

  it('revealCounterpartyKeyLinkage: the same linkage, with a proof that the SDK verifies', async () => {
    for (let call = 0; call < calls; call++) {
      const { proto, own } = random.pick(people)
      const verifier = random.pick(people)
      const other = random.pick(people)
      const args = { counterparty: other.own.identityKey, verifier: verifier.own.identityKey }
      if (other.own === own) {
        const theirs = await outcome(() => proto.revealCounterpartyKeyLinkage(args))
        expect(await outcome(() => own.revealCounterpartyKeyLinkage(args))).to.deep.equal(theirs)
        continue
      }
      const results = [await own.revealCounterpartyKeyLinkage(args)]
      if (call < 20) results.push(await proto.revealCounterpartyKeyLinkage(args))
      for (const result of results) {
        const opening = {
          protocolID: [2, 'counterparty linkage revelation'] as WalletProtocol,
          keyID: result.revelationTime,
          counterparty: own.identityKey,
        }
        const open = async (ciphertext: number[]) => (await verifier.own.decrypt({ ...opening, ciphertext })).plaintext
        const linkage = await open(result.encryptedLinkage)
        const proof = await open(result.encryptedLinkageProof)
        expect(linkage).to.deep.equal(proto.keyDeriver?.revealCounterpartySecret(args.counterparty))
        expect(provesLinkage(own.identityKey, args.counterparty, linkage, proof)).to.equal(true)
        expect(Object.keys(result)).to.have.members(Object.keys(results[0] ?? {}))
      }
    }
  })

  const refused: [title: string, Parameters<ProtoWallet['createSignature']>[0]][] = [
    ['a security level of 3', { protocolID: [3 as 2, 'hello world'], keyID: '1', data: [1] }],
    ['a security level of 0.5', { protocolID: [0.5 as 0, 'hello world'], keyID: '1', data: [1] }],
    ['a short protocol name', { protocolID: [2, 'abcd'], keyID: '1', data: [1] }],
    ['a long protocol name', { protocolID: [2, 'a'.repeat(401)], keyID: '1', data: [1] }],
    ['two spaces in a row', { protocolID: [2, 'hello  world'], keyID: '1', data: [1] }],
    ['a letter that is not allowed', { protocolID: [2, 'hello-world'], keyID: '1', data: [1] }],
    ['a name that ends in protocol', { protocolID: [2, 'hello protocol'], keyID: '1', data: [1] }],
    [
      'a long revelation name',
      { protocolID: [2, `specific linkage revelation ${'a'.repeat(403)}`], keyID: '1', data: [1] },
    ],
    ['no key ID', { protocolID: [2, 'hello world'], keyID: '', data: [1] }],
    ['a long key ID', { protocolID: [2, 'hello world'], keyID: 'k'.repeat(801), data: [1] }],
    ['nothing to sign', { protocolID: [2, 'hello world'], keyID: '1' }],
    [
      'a counterparty that is no hexadecimal',
      { protocolID: [2, 'hello world'], keyID: '1', data: [1], counterparty: 'me' },
    ],
    [
      'a counterparty of the wrong length',
      { protocolID: [2, 'hello world'], keyID: '1', data: [1], counterparty: '02aa' },
    ],
    [
      'a counterparty off the curve',
      { protocolID: [2, 'hello world'], keyID: '1', data: [1], counterparty: `02${'0'.repeat(63)}5` },
    ],
  ]
  for (const [title, args] of refused) {
    it(`refuses ${title} with the same error`, async () => {
      for (const { proto, own } of people.slice(0, 1)) {
        const theirs = await outcome(() => proto.createSignature(args))
        expect(theirs).to.have.property('message')
        expect(await outcome(() => own.createSignature(args))).to.deep.equal(theirs)
      }
    })
  }

  it('refuses a hash of more than 256 bits, and signs one at or above the order of the curve', async () => {
    const { proto, own } = people[0]!
    const named = { protocolID: [2, 'hello world'] as WalletProtocol, keyID: '1', counterparty: strangers[1]! }
    expect(
      await outcome(() => own.createSignature({ ...named, hashToDirectlySign: [1, ...random.bytes(32)] })),
    ).to.have.property('message')
    for (const hash of [Array<number>(32).fill(255), [0, 0, ...Array<number>(32).fill(255)]]) {
      const { signature } = await own.createSignature({ ...named, hashToDirectlySign: hash })
      expect(signature).to.deep.equal((await proto.createSignature({ ...named, hashToDirectlySign: hash })).signature)
      const back = { ...named, counterparty: own.identityKey, hashToDirectlyVerify: hash, signature }
      expect(await valueOf(() => people[1]!.own.verifySignature(back))).to.deep.equal({ valid: true })
    }
  })

  for (const bad of ['', '00'.repeat(32), 'ff'.repeat(32), 'zz'.repeat(32), '11'.repeat(33)]) {
    it(`takes no private key ${bad.slice(0, 6)} of ${bad.length} digits`, () => {
      expect(() => new IdentityWallet(bad)).to.throw(RangeError)
    })
  }
})

function plain({ encryptedLinkage: _linkage, encryptedLinkageProof: _proof, ...rest }: RevealSpecificKeyLinkageResult) {
  return rest
}

function provesLinkage(prover: string, counterparty: string, linkage: number[], proof: number[]): boolean {
  const point = (bytes: number[]) => Point.fromDER(bytes)
  return new Schnorr().verifyProof(PublicKey.fromString(prover), PublicKey.fromString(counterparty), point(linkage), {
    R: point(proof.slice(0, 33)),
    SPrime: point(proof.slice(33, 66)),
    z: new BigNumber(proof.slice(66)),
  })
}

function withHighS(signature: readonly number[]): number[] {
  const compact = decodeDer(signature)
  if (typeof compact === 'string') throw new Error('expected a signature')
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
  const s = order - BigInt(`0x${hex(compact.subarray(32))}`)
  compact.set(Buffer.from(s.toString(16).padStart(64, '0'), 'hex'), 32)
  return Array.from(encodeDer(compact))
}

function flip(bytes: readonly number[]): number[] {
  const at = random.below(bytes.length)
  return bytes.map((byte, index) => (index === at ? byte ^ (1 << random.below(8)) : byte))
}

/** A signature left alone, or with a bit changed, cut, lengthened, with high s, or of zeros. */
function alter(signature: readonly number[]): number[] {
  switch (random.below(8)) {
    case 0:
      return flip(signature)
    case 1:
      return signature.slice(0, -1)
    case 2:
      return [...signature, 0]
    case 3:
      return withHighS(signature)
    case 4:
      return [0x30, 6, 2, 1, 0, 2, 1, 1]
    default:
      return [...signature]
  }
}
