import type { PagedMessage, VerifiedRequest } from '@overpost/core'
import { wrapBody, type ListedMessageJson } from '@overpost/protocol'

/**
 * A message as it is listed, a {@link ListedMessageJson} as text; `withProof`: with what its sender signed. Written out by hand,
 * since a listing is little else than this for each row: an object for `JSON.stringify` takes twice the time.
 */
export function listedMessageText(message: PagedMessage, withProof: boolean): string {
  const { listedId, messageId, sender, box, receivedAtMs, proof, originHost } = message
  const time = isoTime(receivedAtMs)
  return (
    `{"messageId":${quoted(listedId)}${listedId === messageId ? '' : `,"id":${quoted(messageId)}`}` +
    `,"body":${wrappedText(message)},"sender":"${sender}","box":${quoted(box)},"timestamp":${receivedAtMs}` +
    `,"createdAt":"${time}","updatedAt":"${time}","created_at":"${time}","updated_at":"${time}","proof":"${proof}"` +
    (originHost === null ? '' : `,"originHost":"${originHost}"`) +
    (message.acknowledgedElsewhere ? ',"acknowledgedElsewhere":true' : '') +
    (withProof ? proofText(message) : '') +
    '}'
  )
}

/** As {@link listedMessageText}, for who puts it into JSON of their own. */
export function listedMessageJson(message: PagedMessage, withProof: boolean): ListedMessageJson {
  return JSON.parse(listedMessageText(message, withProof)) as ListedMessageJson
}

function proofText({ envelope, request }: PagedMessage): string {
  const signed: Pick<ListedMessageJson, 'envelope' | 'request'> = {
    ...(envelope === null ? {} : { envelope: { timestamp: envelope.timestampMs, signature: envelope.signatureHex } }),
    ...(request === null ? {} : { request: requestJson(request) }),
  }
  const text = JSON.stringify(signed)
  return text === '{}' ? '' : `,${text.slice(1, -1)}`
}

function requestJson({
  payload,
  signatureHex,
  nonce,
  sessionNonce,
}: VerifiedRequest): NonNullable<ListedMessageJson['request']> {
  const signedMessage = Buffer.from(payload).toString('base64')
  return { signedMessage, senderSignature: signatureHex, nonce, yourNonce: sessionNonce }
}

/** Of characters that stand for themselves in JSON, and in JSON in JSON. */
const isPlain = /^[ !#-[\]-~]*$/

function quoted(text: string): string {
  return isPlain.test(text) ? `"${text}"` : JSON.stringify(text)
}

function wrappedText(message: PagedMessage): string {
  return message.contentType === 'text/plain' && isPlain.test(message.body)
    ? `"{\\"message\\":\\"${message.body}\\"}"`
    : JSON.stringify(wrapBody(message))
}

const dayMs = 86_400_000
const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, '0'))
let day = { number: 0, text: '1970-01-01T' }

/** As `Date.toISOString`, which works out the date each time; here most times are of one day. */
function isoTime(atMs: number): string {
  const number = Math.floor(atMs / dayMs)
  if (number !== day.number) day = { number, text: new Date(number * dayMs).toISOString().slice(0, 11) }
  const ms = atMs - number * dayMs
  const [hours, minutes, seconds] = [
    Math.floor(ms / 3_600_000),
    Math.floor(ms / 60_000) % 60,
    Math.floor(ms / 1000) % 60,
  ]
  const thousandths = ms % 1000
  return `${day.text}${twoDigits[hours]}:${twoDigits[minutes]}:${twoDigits[seconds]}.${thousandths < 100 ? '0' : ''}${twoDigits[thousandths] ?? thousandths}Z`
}
