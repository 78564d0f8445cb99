import type { RequestListener } from 'node:http'
import type { FloorMessage } from './database.ts'
import { answerJson, readBody } from './http.ts'
import { sign, verify } from './signatures.ts'

/** Checks the sender's signature, hands the message to `keep`, and answers with a signature of its own once that is durable. */
export function acceptSends(
  privateKey: Uint8Array,
  keep: (message: FloorMessage, onDurable: () => void) => void,
): RequestListener {
  return (incoming, response) => {
    readBody(incoming, (bytes) => {
      const { 'x-sender': sender, 'x-signature': signature } = incoming.headers
      if (typeof sender !== 'string' || typeof signature !== 'string' || !verify(bytes, signature, sender)) {
        answerJson(response, 401, '{"status":"error"}')
        return
      }
      keep({ sender, signature, body: bytes.toString() }, () => {
        const answer = '{"status":"success"}'
        answerJson(response, 200, answer, sign(answer, privateKey))
      })
    })
  }
}
