import type { IdentityKey, KeyName } from '@overpost/protocol'
import {
  anyoneKeyHex,
  childPrivateKey,
  childPublicKey,
  childTweak,
  compressPoint,
  parsePoint,
  publicKeyOf,
  sharedPoint,
  type Point,
} from './curve.ts'
import { checkedKeyId, invoicePrefix } from './invoice-number.ts'
import { LruCache } from './lru-cache.ts'

/** `self`, `anyone`, or a public key in hexadecimal (BRC-43). */
export type Counterparty = string

/** What a private key and a counterparty have in common. */
export interface Relation {
  readonly point: Point
  /** The shared point, 33 bytes. */
  readonly shared: Uint8Array
}

/**
 * A private key and all that is derived from it (BRC-42). Remembers shared points, child public keys and symmetric keys,
 * `cacheEntries` of each; child private keys cost nothing to make again.
 */
export class KeyRing {
  readonly privateKey: Uint8Array
  readonly point: Point
  readonly identityKey: IdentityKey
  readonly #relations: LruCache<string, Relation>
  readonly #publicKeys: LruCache<string, Uint8Array>
  readonly #symmetricKeys: LruCache<string, Uint8Array>
  /** By security level, then protocol name: checking a name costs as much as using it. */
  readonly #prefixes = [0, 1, 2].map(() => new LruCache<string, string>(256))

  /** @throws {RangeError} when `privateKeyHex` is not 64 hexadecimal digits of a number from 1 to the order less 1 */
  constructor(privateKeyHex: string, cacheEntries: number) {
    const privateKey = /^[0-9a-f]{64}$/i.test(privateKeyHex) ? Buffer.from(privateKeyHex, 'hex') : null
    try {
      if (privateKey === null) throw new Error('not 64 hexadecimal digits')
      this.point = publicKeyOf(privateKey)
    } catch {
      throw new RangeError('The private key must be 64 hexadecimal digits of a number below the order of the curve')
    }
    this.privateKey = privateKey
    this.identityKey = Buffer.from(compressPoint(this.point)).toString('hex') as IdentityKey
    this.#relations = new LruCache(cacheEntries)
    this.#publicKeys = new LruCache(cacheEntries)
    this.#symmetricKeys = new LruCache(cacheEntries)
  }

  /** @throws {Error} when the counterparty is no key */
  relation(counterparty: Counterparty, remember = true): Relation {
    const known = this.#relations.get(counterparty)
    if (known !== undefined) return known
    const point = this.#pointOf(counterparty)
    const relation = { point, shared: sharedPoint(point, this.privateKey) }
    if (remember) this.#relations.set(counterparty, relation)
    return relation
  }

  remember(counterparty: Counterparty, relation: Relation): void {
    this.#relations.set(counterparty, relation)
  }

  /** What is added to a key for one name: 32 bytes. */
  tweak({ shared }: Relation, key: KeyName): Uint8Array {
    return childTweak(shared, this.#invoice(key))
  }

  childPrivateKey(tweak: Uint8Array): Uint8Array {
    return childPrivateKey(this.privateKey, tweak)
  }

  /** 33 bytes. */
  publicKey(counterparty: Counterparty, key: KeyName, forSelf: boolean): Uint8Array {
    const invoice = this.#invoice(key)
    const cacheKey = `${forSelf ? '+' : '-'}${counterparty} ${invoice}`
    const cached = this.#publicKeys.get(cacheKey)
    if (cached !== undefined) return cached
    const { point, shared } = this.relation(counterparty)
    const child = compressPoint(childPublicKey(forSelf ? this.point : point, childTweak(shared, invoice)))
    this.#publicKeys.set(cacheKey, child)
    return child
  }

  /** BRC-2: the x of child private key times child public key, 32 bytes. */
  symmetricKey(counterparty: Counterparty, key: KeyName): Uint8Array {
    const invoice = this.#invoice(key)
    const cacheKey = `${counterparty} ${invoice}`
    const cached = this.#symmetricKeys.get(cacheKey)
    if (cached !== undefined) return cached
    const { point, shared } = this.relation(counterparty)
    const tweak = childTweak(shared, invoice)
    const made = sharedPoint(childPublicKey(point, tweak), this.childPrivateKey(tweak)).slice(1)
    this.#symmetricKeys.set(cacheKey, made)
    return made
  }

  #pointOf(counterparty: Counterparty): Point {
    if (counterparty === 'self') return this.point
    // Callers of the wallet's interface may come from JSON.
    if (typeof counterparty !== 'string') throw new Error('counterparty must be self, anyone or a public key!')
    return parsePoint(counterparty === 'anyone' ? anyoneKeyHex : counterparty)
  }

  #invoice({ protocolID, keyID }: KeyName): string {
    const [level, name] = protocolID
    const prefixes = this.#prefixes[level]
    const known = prefixes?.get(name)
    if (known !== undefined) return known + checkedKeyId(keyID)
    const prefix = invoicePrefix(protocolID)
    prefixes?.set(name, prefix)
    return prefix + checkedKeyId(keyID)
  }
}
