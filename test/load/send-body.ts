export const BODY_BYTES = 1024

export interface BenchMessage {
  readonly recipient: string
  readonly messageId: string
}

export const BOX = 'inbox'

/** What every message says: as much as makes the stock request of {@link sendBody} 1,024 bytes. */
export const TEXT = 'x'.repeat(BODY_BYTES - frame('', { recipient: '0'.repeat(66), messageId: '0'.repeat(64) }).length)

/** The body of `POST /sendMessage` (BRC-33), 1 KiB without an envelope. Ids are 64 characters, keys 66. */
export function sendBody(message: BenchMessage, envelope?: { timestamp: number; signature: string }): string {
  return frame(TEXT, message, envelope)
}

function frame(body: string, { recipient, messageId }: BenchMessage, envelope?: object): string {
  return JSON.stringify({ message: { recipient, messageBox: BOX, messageId, body, envelope } })
}
