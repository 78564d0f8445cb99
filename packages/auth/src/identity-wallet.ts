import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IdentityKey, KeyName, LinkageRevelation } from '@overpost/protocol'
import type {
  CreateHmacArgs,
  CreateHmacResult,
  CreateSignatureArgs,
  CreateSignatureResult,
  GetPublicKeyArgs,
  GetPublicKeyResult,
  RevealCounterpartyKeyLinkageArgs,
  RevealCounterpartyKeyLinkageResult,
  RevealSpecificKeyLinkageArgs,
  RevealSpecificKeyLinkageResult,
  VerifyHmacArgs,
  VerifyHmacResult,
  VerifySignatureArgs,
  VerifySignatureResult,
  WalletDecryptArgs,
  WalletDecryptResult,
  WalletEncryptArgs,
  WalletEncryptionArgs,
  WalletEncryptResult,
} from '@bsv/sdk'
import { parsePoint, scalarOf, sha256, signAsChild, verify } from './curve.ts'
import { KeyRing, type Counterparty, type Relation } from './key-ring.ts'
import { proveLinkage, verifyLinkage } from './linkage-proof.ts'
import { decodeDer } from './signature-der.ts'

type KeyArguments = Pick<WalletEncryptionArgs, 'protocolID' | 'keyID' | 'counterparty'>

const revelationProtocol: KeyArguments['protocolID'] = [2, 'counterparty linkage revelation']

/**
 * The cryptographic part of a BRC-100 wallet over one private key, on libsecp256k1: arguments, results and errors of
 * `ProtoWallet` of @bsv/sdk 2.1.0, and the same bytes wherever a result is determined. The async methods are for code
 * written against a wallet; `signFor`, `verifyFrom` and `publicKeyFor` do the same work at once, on bytes.
 * Shared points and child keys are remembered, `cacheEntries` of each.
 */
export class IdentityWallet {
  readonly identityKey: IdentityKey
  readonly #ring: KeyRing

  /** @throws {RangeError} when `privateKeyHex` is not 64 hexadecimal digits of a number from 1 to the order less 1 */
  constructor(privateKeyHex: string, { cacheEntries = 10_000 }: { cacheEntries?: number } = {}) {
    this.#ring = new KeyRing(privateKeyHex, cacheEntries)
    this.identityKey = this.#ring.identityKey
  }

  /**
   * Signs the SHA-256 of `data` with the key for `counterparty`; DER. With `remember: false` a counterparty not met before
   * is not kept, for calls that anybody can cause.
   * @throws {Error} when the counterparty or the key's name is not a legal one
   */
  signFor(counterparty: Counterparty, key: KeyName, data: Uint8Array, { remember = true } = {}): Buffer {
    return this.signDigestFor(counterparty, key, sha256(data), { remember })
  }

  /** As {@link signFor}, of what was hashed already: `digest` is the SHA-256 of the data. */
  signDigestFor(counterparty: Counterparty, key: KeyName, digest: Uint8Array, { remember = true } = {}): Buffer {
    const tweak = this.#ring.tweak(this.#ring.relation(counterparty, remember), key)
    return signAsChild(digest, this.#ring.privateKey, tweak)
  }

  /**
   * Whether `signer` signed `data` for this wallet. Nothing of a signer not met before is kept when it is false. Never
   * throws: a signer that is no public key verifies nothing.
   */
  verifyFrom(signer: Counterparty, key: KeyName, data: Uint8Array, signature: Uint8Array): boolean {
    let relation: Relation
    let tweak: Uint8Array
    try {
      relation = this.#ring.relation(signer, false)
      tweak = this.#ring.tweak(relation, key)
    } catch {
      return false
    }
    const valid = verify(sha256(data), signature, relation.point, tweak)
    if (valid) this.#ring.remember(signer, relation)
    return valid
  }

  /**
   * The public key, 33 bytes, under which `counterparty` signs for this wallet; with `forSelf`, the one under which this
   * wallet signs for `counterparty`. Kept: for key IDs that come again.
   */
  publicKeyFor(counterparty: Counterparty, key: KeyName, { forSelf = false } = {}): Uint8Array {
    return this.#ring.publicKey(counterparty, key, forSelf).slice()
  }

  /**
   * The name of what this wallet shares with `counterparty`, by which hosts speak of it once it was revealed: SHA-256 of the
   * shared point, hexadecimal.
   * @throws {Error} when the counterparty is no key
   */
  linkageName(counterparty: IdentityKey): string {
    return hexOf(sha256(this.#ring.relation(counterparty).shared))
  }

  /** What {@link revealCounterpartyKeyLinkage} returns, bytes as bytes. */
  async revealLinkage(counterparty: IdentityKey, verifier: IdentityKey): Promise<LinkageRevelation> {
    const revealed = await this.revealCounterpartyKeyLinkage({ counterparty, verifier })
    return {
      ...{ prover: this.identityKey, verifier, counterparty, revelationTime: revealed.revelationTime },
      encryptedLinkage: Uint8Array.from(revealed.encryptedLinkage),
      encryptedLinkageProof: Uint8Array.from(revealed.encryptedLinkageProof),
    }
  }

  /**
   * The shared point (33 bytes) of prover and counterparty that was revealed to this wallet, its proof checked (BRC-94). Null
   * when it was made for somebody else, cannot be decrypted, or is not proven. Never throws.
   */
  openLinkage(revelation: LinkageRevelation): Uint8Array | null {
    const { prover, verifier, counterparty, revelationTime, encryptedLinkage, encryptedLinkageProof } = revelation
    if (verifier !== this.identityKey) return null
    const key: KeyArguments = { protocolID: revelationProtocol, keyID: revelationTime, counterparty: prover }
    try {
      const shared = this.#decrypt(key, encryptedLinkage)
      const proof = this.#decrypt(key, encryptedLinkageProof)
      return verifyLinkage(parsePoint(prover), parsePoint(counterparty), shared, proof) ? shared : null
    } catch {
      return null
    }
  }

  /** 32 bytes that only the holder of the private key can make (HKDF-SHA256): for sealing things for oneself. */
  deriveSecret(purpose: string, salt: Uint8Array): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#ring.privateKey, salt, purpose, 32))
  }

  /** @see ProtoWallet */
  getPublicKey(args: GetPublicKeyArgs): Promise<GetPublicKeyResult> {
    return promised(() => {
      if (args.identityKey === true) return { publicKey: this.identityKey }
      const { protocolID, keyID, counterparty = 'self', forSelf = false } = args
      if (protocolID == null || keyID == null || keyID === '') {
        throw new Error('protocolID and keyID are required if identityKey is false or undefined.')
      }
      return { publicKey: hexOf(this.publicKeyFor(counterparty, { protocolID, keyID }, { forSelf })) }
    })
  }

  /** @see ProtoWallet */
  createSignature(args: CreateSignatureArgs): Promise<CreateSignatureResult> {
    return promised(() => {
      const hash = args.hashToDirectlySign ?? hashOf(args.data)
      if (hash === null) throw new Error('args.data or args.hashToDirectlySign must be valid')
      const tweak = this.#tweak(args, args.counterparty ?? 'anyone')
      const scalar = scalarOf(hash)
      if (scalar === null) throw new Error('ECDSA message is too large: expected <= 256 bits.')
      return { signature: Array.from(signAsChild(scalar, this.#ring.privateKey, tweak)) }
    })
  }

  /**
   * @see ProtoWallet
   * @throws {Error} with the code ERR_INVALID_SIGNATURE when the signature does not verify
   */
  verifySignature(args: VerifySignatureArgs): Promise<VerifySignatureResult> {
    return promised(() => {
      const hash = args.hashToDirectlyVerify ?? hashOf(args.data)
      if (hash === null) throw new Error('args.data or args.hashToDirectlyVerify must be valid')
      const counterparty = args.counterparty ?? 'self'
      const tweak = this.#tweak(args, counterparty)
      if (decodeDer(args.signature) === 'malformed') throw new Error('Signature DER invalid')
      const point = args.forSelf === true ? this.#ring.point : this.#ring.relation(counterparty).point
      const scalar = scalarOf(hash)
      if (scalar === null || !verify(scalar, args.signature, point, tweak)) {
        throw Object.assign(new Error('Signature is not valid'), { code: 'ERR_INVALID_SIGNATURE' })
      }
      return { valid: true }
    })
  }

  /** @see ProtoWallet */
  createHmac(args: CreateHmacArgs): Promise<CreateHmacResult> {
    return promised(() => {
      return { hmac: Array.from(this.#hmac(args, args.data)) }
    })
  }

  /**
   * @see ProtoWallet
   * @throws {Error} with the code ERR_INVALID_HMAC when it is another
   */
  verifyHmac(args: VerifyHmacArgs): Promise<VerifyHmacResult> {
    return promised(() => {
      const provided = Uint8Array.from(args.hmac)
      const computed = this.#hmac(args, args.data)
      if (provided.length !== computed.length || !timingSafeEqual(provided, computed)) {
        throw Object.assign(new Error('HMAC is not valid'), { code: 'ERR_INVALID_HMAC' })
      }
      return { valid: true }
    })
  }

  /** @see ProtoWallet */
  encrypt(args: WalletEncryptArgs): Promise<WalletEncryptResult> {
    return promised(() => {
      return { ciphertext: this.#encrypt(args, Uint8Array.from(args.plaintext)) }
    })
  }

  /** @see ProtoWallet */
  decrypt(args: WalletDecryptArgs): Promise<WalletDecryptResult> {
    return promised(() => {
      return { plaintext: Array.from(this.#decrypt(args, Uint8Array.from(args.ciphertext))) }
    })
  }

  /** @see ProtoWallet */
  revealCounterpartyKeyLinkage(args: RevealCounterpartyKeyLinkageArgs): Promise<RevealCounterpartyKeyLinkageResult> {
    return promised(() => {
      const { counterparty, verifier } = args
      const { point, shared } = this.#ring.relation(counterparty)
      if (Buffer.compare(point, this.#ring.point) === 0) {
        throw new Error('Counterparty secrets cannot be revealed for counterparty=self.')
      }
      // Like the SDK: only a key can be shown here, not the word `anyone`.
      parsePoint(counterparty)
      const revelationTime = new Date().toISOString()
      const key: KeyArguments = {
        protocolID: revelationProtocol,
        keyID: revelationTime,
        counterparty: verifier,
      }
      return {
        prover: this.identityKey,
        verifier,
        counterparty,
        revelationTime,
        encryptedLinkage: this.#encrypt(key, shared),
        encryptedLinkageProof: this.#encrypt(key, proveLinkage(this.#ring.privateKey, this.#ring.point, point, shared)),
      }
    })
  }

  /** @see ProtoWallet */
  revealSpecificKeyLinkage(args: RevealSpecificKeyLinkageArgs): Promise<RevealSpecificKeyLinkageResult> {
    return promised(() => {
      const { counterparty, verifier, protocolID, keyID } = args
      const linkage = this.#tweak(args, counterparty)
      const key: KeyArguments = {
        protocolID: [2, `specific linkage revelation ${protocolID[0]} ${protocolID[1]}`],
        keyID,
        counterparty: verifier,
      }
      return {
        prover: this.identityKey,
        verifier,
        counterparty,
        protocolID,
        keyID,
        encryptedLinkage: this.#encrypt(key, linkage),
        encryptedLinkageProof: this.#encrypt(key, Uint8Array.of(0)), // proof type 0: no proof
        proofType: 0,
      }
    })
  }

  #tweak(key: KeyName, counterparty: Counterparty): Uint8Array {
    return this.#ring.tweak(this.#ring.relation(counterparty), key)
  }

  #symmetricKey({ protocolID, keyID, counterparty = 'self' }: KeyArguments): Uint8Array {
    return this.#ring.symmetricKey(counterparty, { protocolID, keyID })
  }

  #hmac(args: KeyArguments, data: readonly number[]): Uint8Array {
    const key = this.#symmetricKey(args)
    // The SDK keeps the key as a number, so its leading zeros do not take part.
    const start = key.findIndex((byte) => byte !== 0)
    return createHmac('sha256', key.subarray(start)).update(Uint8Array.from(data)).digest()
  }

  #decrypt(args: KeyArguments, sealed: Uint8Array): Uint8Array {
    const key = this.#symmetricKey(args)
    if (sealed.length < 48) throw new Error('Ciphertext too short')
    if (sealed.length === 48) throw new Error('Cipher text must not be empty')
    const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 32), { authTagLength: 16 })
    decipher.setAuthTag(sealed.subarray(sealed.length - 16))
    try {
      const plaintext = decipher.update(sealed.subarray(32, sealed.length - 16))
      decipher.final()
      return plaintext
    } catch (cause) {
      throw new Error('Decryption failed!', { cause })
    }
  }

  /** `iv(32) | ciphertext | tag(16)`. */
  #encrypt(args: KeyArguments, plaintext: Uint8Array): number[] {
    const iv = randomBytes(32)
    const cipher = createCipheriv('aes-256-gcm', this.#symmetricKey(args), iv)
    const body = cipher.update(plaintext)
    cipher.final()
    return Array.from(Buffer.concat([iv, body, cipher.getAuthTag()]))
  }
}

/** The result of `work` as a promise; what it throws becomes a rejection. */
function promised<T>(work: () => T): Promise<T> {
  return new Promise((resolve) => resolve(work()))
}

function hashOf(data: readonly number[] | undefined): Uint8Array | null {
  return data == null ? null : sha256(Uint8Array.from(data))
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')
}
