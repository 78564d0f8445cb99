import type { PagedMessage, VerifiedRequest } from '@overpost/core'
import { isPlainText, wrapBody, type ListedMessageJson } from '@overpost/protocol'

/**
 * A JSON array in UTF-8 of messages as they are listed ({@link ListedMessageJson}), between `before` and `behind`, which are ASCII;
 * `withProof`: with what their senders signed.
 */
export function listedMessages(
  messages: readonly PagedMessage[],
  withProof: boolean,
  [before, behind]: readonly [string, string],
): Buffer {
  const pen = new Pen()
  let text = before
  for (const [at, message] of messages.entries()) text += (at === 0 ? '[' : ',') + pen.message(message, withProof)
  text += messages.length === 0 ? '[]' : ']'
  // Not measured first, and not put together before: text with a byte for each character is written as it lies there, in pieces.
  return Buffer.from(text + behind, pen.isAscii ? 'latin1' : 'utf8')
}

/** A message as it is listed, for who puts it into JSON of their own. */
export function listedMessageJson(message: PagedMessage, withProof: boolean): ListedMessageJson {
  return JSON.parse(new Pen().message(message, withProof)) as ListedMessageJson
}

/** Writes JSON by hand, since a listing is little else than this for each row: an object for `JSON.stringify` takes twice the time. */
class Pen {
  /** Whether all that it wrote has a byte for each character. */
  isAscii = true
  /** Messages of one listing are of one box. */
  #box = { name: '', text: '' }

  message(message: PagedMessage, withProof: boolean): string {
    const { listedId, messageId, sender, box, receivedAtMs, proof, originHost } = message
    if (box !== this.#box.name) this.#box = { name: box, text: this.#escaped(box) }
    const time = isoTime(receivedAtMs)
    const text = this.#body(message)
    const rest =
      (listedId === messageId ? '' : `,"id":"${this.#escaped(messageId)}"`) +
      (originHost === null ? '' : `,"originHost":"${originHost}"`) +
      (message.acknowledgedElsewhere ? ',"acknowledgedElsewhere":true' : '') +
      (withProof ? this.#known(proofText(message)) : '')
    // One piece of text, which is put together once: the fewer parts it has the sooner.
    return `{"messageId":"${this.#escaped(listedId)}","body":"${text}","sender":"${sender}","box":"${this.#box.text}","timestamp":${receivedAtMs},"createdAt":"${time}","updatedAt":"${time}","created_at":"${time}","updated_at":"${time}","proof":"${proof}"${rest}}`
  }

  /** {@link wrapBody}, between the quotes of a JSON string. */
  #body({ contentType, body, isPlain }: PagedMessage): string {
    if (!isPlain && (contentType !== 'text/plain' || !isPlainWithQuotes.test(body))) {
      return this.#escaped(wrapBody({ contentType, body }))
    }
    return `{\\"message\\":\\"${isPlain ? body : body.replaceAll('"', quoteInJsonInJson)}\\"}`
  }

  /** What stands between the quotes of a JSON string. */
  #escaped(text: string): string {
    return isPlainText(text) ? text : this.#known(JSON.stringify(text).slice(1, -1))
  }

  #known(text: string): string {
    this.isAscii &&= asciiForm.test(text)
    return text
  }
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

const asciiForm = /^[ -~]*$/
const quoteInJsonInJson = '\\\\\\"'
/** With quotes, as JSON that was sent as text has them. */
const isPlainWithQuotes = /^[ -[\]-~]*$/

const minuteMs = 60_000
const seconds = Array.from({ length: 60 }, (_, number) => `${String(number).padStart(2, '0')}.`)
const thousandths = Array.from({ length: 1000 }, (_, number) => `${String(number).padStart(3, '0')}Z`)
let minute = { number: 0, text: '1970-01-01T00:00:' }

/** As `Date.toISOString`, which works out the date each time; here most times are of the minute before. */
function isoTime(atMs: number): string {
  const number = Math.floor(atMs / minuteMs)
  if (number !== minute.number) minute = { number, text: new Date(number * minuteMs).toISOString().slice(0, 17) }
  const ms = atMs - number * minuteMs
  const second = Math.floor(ms / 1000)
  return `${minute.text}${seconds[second] ?? ''}${thousandths[ms - second * 1000] ?? ''}`
}
