import { createHash, randomBytes } from 'node:crypto'
import type { Message } from '@overpost/core'

const digestLengths = [8, 16, 32, 64]

/**
 * What a new message is listed by: its id, or, when that is taken among its recipient's listed ids, the id with as many
 * digits of SHA-256("<box>\n<sender>") as it takes (relay-http.md section 2). Senders choose ids, so all of these can be
 * taken on purpose; then random digits end it.
 */
export function listedIdFor(
  message: Pick<Message, 'messageId' | 'box' | 'sender'>,
  isTaken: (id: string) => boolean,
): string {
  const { messageId, box, sender } = message
  if (!isTaken(messageId)) return messageId
  const digest = createHash('sha256').update(`${box}\n${sender}`).digest('hex')
  const candidates = digestLengths.map((length) => `${messageId}~${digest.slice(0, length)}`)
  return candidates.find((id) => !isTaken(id)) ?? `${messageId}~${randomBytes(32).toString('hex')}`
}
