import type { ListedMessage } from '@overpost/client'
import type { DeliveryFailure } from '@overpost/protocol'

export const messageHeadings = ['RECEIVED', 'SENDER', 'ID', 'PROOF', 'VOUCHED BY', 'SECRECY', 'BODY']

/** A message as a row under {@link messageHeadings}. */
export function messageRow({ receivedAtMs, sender, messageId, body, ...message }: ListedMessage): string[] {
  return [
    receivedAtMs === null ? '?' : new Date(receivedAtMs).toISOString(),
    sender,
    messageId,
    proofWord(message),
    message.vouchedBy ?? '-',
    message.secrecy,
    message.secrecy === 'sealed'
      ? '(cannot be opened)'
      : message.failure === null
        ? bodyWords(body)
        : failureWords(message.failure),
  ]
}

function failureWords({ kind, messageId, messageBox, recipient, code, reason, attempts }: DeliveryFailure): string {
  const what = kind === 'returned' ? 'NOT DELIVERED' : 'still waits'
  const why = reason === undefined ? code : `${code}, ${reason}`
  return `${what}: ${messageId} to ${recipient} (${messageBox}), ${attempts} attempts, ${why}`
}

function bodyWords(body: string | object): string {
  return typeof body === 'string' ? body.replaceAll(/\s+/g, ' ') : JSON.stringify(body)
}

function proofWord({ verified, proof }: Pick<ListedMessage, 'verified' | 'proof'>): string {
  if (verified === true) return 'signed'
  return proof === 'envelope' ? 'FORGED' : (proof ?? '?')
}
