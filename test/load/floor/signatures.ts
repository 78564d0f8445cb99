import { hash } from 'node:crypto'
import secp256k1 from 'secp256k1/bindings.js'

/** 64 bytes over SHA-256 of `data`, in hexadecimal. */
export function sign(data: string | Buffer, privateKey: Uint8Array): string {
  const { signature } = secp256k1.ecdsaSign(hash('sha256', data, 'buffer'), privateKey)
  return Buffer.from(signature.buffer, signature.byteOffset, signature.length).toString('hex')
}

/** `publicKey` is 33 bytes in hexadecimal. */
export function verify(data: string | Buffer, signature: string, publicKey: string): boolean {
  const digest = hash('sha256', data, 'buffer')
  return secp256k1.ecdsaVerify(Buffer.from(signature, 'hex'), digest, Buffer.from(publicKey, 'hex'))
}
