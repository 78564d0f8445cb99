import { randomBytes } from 'node:crypto'
import secp256k1 from 'secp256k1/bindings.js'
import { httpRequest } from '../http-request.ts'
import { sendBody } from '../send-body.ts'
import type { SignedSend } from '../signed-send.ts'
import { sign } from './signatures.ts'

/** Signed requests for the floor, `count` of them from `senders` keys in turn, each with a message id of its own. */
export function floorRequests(origin: string, count: number, senders: number): SignedSend[] {
  const keys = Array.from({ length: senders }, () => {
    const privateKey = randomBytes(32)
    return { privateKey, publicKey: Buffer.from(secp256k1.publicKeyCreate(privateKey, true)).toString('hex') }
  })
  const recipient = Buffer.from(secp256k1.publicKeyCreate(randomBytes(32), true)).toString('hex')
  return Array.from({ length: count }, (_, at) => {
    const { privateKey, publicKey } = keys[at % senders]!
    const messageId = randomBytes(32).toString('hex')
    const body = Buffer.from(sendBody({ recipient, messageId }))
    const headers = {
      'content-type': 'application/json',
      'x-sender': publicKey,
      'x-signature': sign(body, privateKey),
    }
    return { messageId, bytes: httpRequest({ origin, method: 'POST', path: '/sendMessage', headers, body }) }
  })
}
