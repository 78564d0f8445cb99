import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IdentityKey, KeyName } from '@overpost/protocol'
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
import {
  anyoneKeyHex,
  childPrivateKey,
  childPublicKey,
  childTweak,
  compressPoint,
  parsePoint,
  publicKeyOf,
  scalarOf,
  sha256,
  sharedPoint,
  sign,
  verify,
  type Point,
} from './curve.ts'
import { checkedKeyId, invoiceNumber, invoicePrefix } from './invoice-number.ts'
import { proveLinkage } from './linkage-proof.ts'
import { LruCache } from './lru-cache.ts'
import { decodeDer } from './signature-der.ts'

/** `self`, `anyone`, or a public key in hexadecimal (BRC-43). */
export type Counterparty = string

type KeyArguments = Pick<WalletEncryptionArgs, 'protocolID' | 'keyID' | 'counterparty'>

interface Relation {
  readonly point: Point
  /** The shared point, 33 bytes. */
  readonly shared: Uint8Array
}

/**
 * The cryptographic part of a BRC-100 wallet over one private key, on libsecp256k1: arguments, results and errors of
 * `ProtoWallet` of @bsv/sdk 2.1.0, and the same bytes wherever a result is determined. The async methods are for code
 * written against a wallet; `signFor`, `verifyFrom` and `publicKeyFor` do the same work at once, on bytes.
 * Shared points and child keys are remembered, `cacheEntries` of each.
 */
export class IdentityWallet {
  readonly identityKey: IdentityKey
  readonly #privateKey: Uint8Array
  readonly #point: Point
  readonly #relations: LruCache<string, Relation>
  readonly #publicKeys: LruCache<string, Uint8Array>
  readonly #symmetricKeys: LruCache<string, Uint8Array>
  /** By the tuple itself: callers on hot paths pass the same constant each time. */
  readonly #prefixes = new WeakMap<KeyName['protocolID'], string>()

  /** @throws {RangeError} when `privateKeyHex` is not 64 hexadecimal digits of a number from 1 to the order less 1 */
  constructor(privateKeyHex: string, { cacheEntries = 10_000 }: { cacheEntries?: number } = {}) {
    const privateKey = /^[0-9a-f]{64}$/i.test(privateKeyHex) ? Buffer.from(privateKeyHex, 'hex') : null
    try {
      if (privateKey === null) throw new Error('not 64 hexadecimal digits')
      this.#point = publicKeyOf(privateKey)
    } catch {
      throw new RangeError('The private key must be 64 hexadecimal digits of a number below the order of the curve')
    }
    this.#privateKey = privateKey
    this.identityKey = hexOf(compressPoint(this.#point)) as IdentityKey
    this.#relations = new LruCache(cacheEntries)
    this.#publicKeys = new LruCache(cacheEntries)
    this.#symmetricKeys = new LruCache(cacheEntries)
  }

  /**
   * Signs the SHA-256 of `data` with the key for `counterparty`; DER. With `remember: false` a counterparty not met before
   * is not kept, for calls that anybody can cause.
   * @throws {Error} when the counterparty or the key's name is not a legal one
   */
  signFor(counterparty: Counterparty, key: KeyName, data: Uint8Array, { remember = true } = {}): Uint8Array {
    const { shared } = this.#relation(counterparty, remember)
    return sign(sha256(data), childPrivateKey(this.#privateKey, childTweak(shared, this.#invoice(key))))
  }

  /**
   * Whether `signer` signed `data` for this wallet. Nothing of a signer not met before is kept when it is false. Never
   * throws: a signer that is no public key verifies nothing.
   */
  verifyFrom(signer: Counterparty, key: KeyName, data: Uint8Array, signature: Uint8Array): boolean {
    const known = this.#relations.get(signer)
    let relation: Relation
    let invoice: string
    try {
      relation = known ?? this.#relate(signer)
      invoice = this.#invoice(key)
    } catch {
      return false
    }
    const valid = verify(sha256(data), signature, relation.point, childTweak(relation.shared, invoice))
    if (valid && known === undefined) this.#relations.set(signer, relation)
    return valid
  }

  /**
   * The public key, 33 bytes, under which `counterparty` signs for this wallet; with `forSelf`, the one under which this
   * wallet signs for `counterparty`. Kept: for key IDs that come again.
   */
  publicKeyFor(counterparty: Counterparty, key: KeyName, { forSelf = false } = {}): Uint8Array {
    const invoice = this.#invoice(key)
    const cacheKey = `${forSelf ? '+' : '-'}${counterparty} ${invoice}`
    const cached = this.#publicKeys.get(cacheKey)
    if (cached !== undefined) return cached
    const { point, shared } = this.#relation(counterparty)
    const child = compressPoint(childPublicKey(forSelf ? this.#point : point, childTweak(shared, invoice)))
    this.#publicKeys.set(cacheKey, child)
    return child
  }

  /** 32 bytes that only the holder of the private key can make (HKDF-SHA256): for sealing things for oneself. */
  deriveSecret(purpose: string, salt: Uint8Array): Uint8Array {
    return new Uint8Array(hkdfSync('sha256', this.#privateKey, salt, purpose, 32))
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
      return { signature: Array.from(sign(scalar, childPrivateKey(this.#privateKey, tweak))) }
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
      const point = args.forSelf === true ? this.#point : this.#relation(counterparty).point
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
      const key = this.#symmetricKey(args)
      const sealed = Uint8Array.from(args.ciphertext)
      if (sealed.length < 48) throw new Error('Ciphertext too short')
      if (sealed.length === 48) throw new Error('Cipher text must not be empty')
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 32), { authTagLength: 16 })
      decipher.setAuthTag(sealed.subarray(sealed.length - 16))
      try {
        const plaintext = decipher.update(sealed.subarray(32, sealed.length - 16))
        decipher.final()
        return { plaintext: Array.from(plaintext) }
      } catch (cause) {
        throw new Error('Decryption failed!', { cause })
      }
    })
  }

  /** @see ProtoWallet */
  revealCounterpartyKeyLinkage(args: RevealCounterpartyKeyLinkageArgs): Promise<RevealCounterpartyKeyLinkageResult> {
    return promised(() => {
      const { counterparty, verifier } = args
      const { point, shared } = this.#relation(counterparty)
      if (Buffer.compare(point, this.#point) === 0) {
        throw new Error('Counterparty secrets cannot be revealed for counterparty=self.')
      }
      // Like the SDK: only a key can be shown here, not the word `anyone`.
      parsePoint(counterparty)
      const revelationTime = new Date().toISOString()
      const key: KeyArguments = {
        protocolID: [2, 'counterparty linkage revelation'],
        keyID: revelationTime,
        counterparty: verifier,
      }
      return {
        prover: this.identityKey,
        verifier,
        counterparty,
        revelationTime,
        encryptedLinkage: this.#encrypt(key, shared),
        encryptedLinkageProof: this.#encrypt(key, proveLinkage(this.#privateKey, this.#point, point, shared)),
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

  #relation(counterparty: Counterparty, remember = true): Relation {
    const known = this.#relations.get(counterparty)
    if (known !== undefined) return known
    const relation = this.#relate(counterparty)
    if (remember) this.#relations.set(counterparty, relation)
    return relation
  }

  #relate(counterparty: Counterparty): Relation {
    const point = this.#pointOf(counterparty)
    return { point, shared: sharedPoint(point, this.#privateKey) }
  }

  #pointOf(counterparty: Counterparty): Point {
    if (counterparty === 'self') return this.#point
    if (typeof counterparty !== 'string') throw new Error('counterparty must be self, anyone or a public key!')
    return parsePoint(counterparty === 'anyone' ? anyoneKeyHex : counterparty)
  }

  #tweak({ protocolID, keyID }: Pick<KeyArguments, 'protocolID' | 'keyID'>, counterparty: Counterparty): Uint8Array {
    const invoice = invoiceNumber(protocolID, keyID)
    return childTweak(this.#relation(counterparty).shared, invoice)
  }

  #invoice({ protocolID, keyID }: KeyName): string {
    let prefix = this.#prefixes.get(protocolID)
    if (prefix === undefined) {
      prefix = invoicePrefix(protocolID)
      this.#prefixes.set(protocolID, prefix)
    }
    return prefix + checkedKeyId(keyID)
  }

  /** BRC-2: the x of child private key times child public key, 32 bytes. */
  #symmetricKey({ protocolID, keyID, counterparty = 'self' }: KeyArguments): Uint8Array {
    const invoice = invoiceNumber(protocolID, keyID)
    const cacheKey = `${counterparty} ${invoice}`
    const cached = this.#symmetricKeys.get(cacheKey)
    if (cached !== undefined) return cached
    const { point, shared } = this.#relation(counterparty)
    const tweak = childTweak(shared, invoice)
    const key = sharedPoint(childPublicKey(point, tweak), childPrivateKey(this.#privateKey, tweak)).slice(1)
    this.#symmetricKeys.set(cacheKey, key)
    return key
  }

  #hmac(args: KeyArguments, data: readonly number[]): Uint8Array {
    const key = this.#symmetricKey(args)
    // The SDK keeps the key as a number, so its leading zeros do not take part.
    const start = key.findIndex((byte) => byte !== 0)
    return createHmac('sha256', key.subarray(start)).update(Uint8Array.from(data)).digest()
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
