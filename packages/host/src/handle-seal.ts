import { createCipheriv, createDecipheriv, timingSafeEqual, type Cipher, type Decipher } from 'node:crypto'
import { hmacSha256, type IdentityWallet } from '@overpost/auth'
import type { Handled, HandleSeal } from '@overpost/core'
import type { IdentityKey } from '@overpost/protocol'

const kinds: readonly Handled['kind'][] = ['kept', 'outgoing', 'gone']
const cipherName = 'aes-256-ecb'
const blockBytes = 16
const tagBytes = 8
const handleForm = /^[\w-]{32}$/

/**
 * Handles are one encrypted block (kind, time and id) and the first 8 bytes of an HMAC over the sender's key and that block: 32
 * characters. Blocks differ as messages do, so that one block of AES alone hides them. The keys are the host's, derived for the
 * incarnation of its store: there is nothing to keep, and a restored copy of the store does not answer for the one before.
 */
export class SealedHandles implements HandleSeal {
  readonly #encryption: Cipher
  readonly #decryption: Decipher
  readonly #tagKey: Uint8Array
  /** For one handle at a time. */
  readonly #plain = Buffer.alloc(blockBytes)

  constructor(wallet: Pick<IdentityWallet, 'deriveSecret'>, incarnation: string) {
    const salt = Buffer.from(incarnation)
    const blockKey = wallet.deriveSecret('overpost message handle', salt)
    this.#encryption = createCipheriv(cipherName, blockKey, null).setAutoPadding(false)
    this.#decryption = createDecipheriv(cipherName, blockKey, null).setAutoPadding(false)
    this.#tagKey = wallet.deriveSecret('overpost message handle tag', salt)
  }

  seal({ kind, id, acceptedAtMs }: Handled, sender: IdentityKey): string {
    const plain = this.#plain
    plain.writeUInt8(kinds.indexOf(kind), 0)
    plain.writeUIntBE(acceptedAtMs, 2, 6)
    plain.writeBigUInt64BE(id, 8)
    const block = this.#encryption.update(plain)
    return Buffer.concat([block, this.#tag(block, sender)]).toString('base64url')
  }

  open(handle: string, sender: IdentityKey): Handled | null {
    if (!handleForm.test(handle)) return null
    const bytes = Buffer.from(handle, 'base64url')
    const block = bytes.subarray(0, blockBytes)
    if (!timingSafeEqual(bytes.subarray(blockBytes), this.#tag(block, sender))) return null
    const plain = this.#decryption.update(block)
    const kind = kinds[plain.readUInt8(0)]
    if (kind === undefined) return null
    return { kind, id: plain.readBigUInt64BE(8), acceptedAtMs: plain.readUIntBE(2, 6) }
  }

  #tag(block: Uint8Array, sender: IdentityKey): Uint8Array {
    const tagged = Buffer.allocUnsafe(sender.length + block.length)
    tagged.write(sender, 'latin1')
    tagged.set(block, sender.length)
    return hmacSha256(this.#tagKey, tagged).subarray(0, tagBytes)
  }
}
