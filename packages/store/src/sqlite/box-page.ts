import { shownProof, type BoxAddress, type MessagePage, type PagedMessage, type PageLimits } from '@overpost/core'
import type { MessageId } from '@overpost/protocol'
import { boundLimit } from './database.ts'
import type { ReaderContext } from './reader-context.ts'
import { decodeContentType, decodeEnvelope, decodeRequest } from './row-codes.ts'

/** What a page shows, and which of it are guests' copies that were not shown before. */
export interface DraftPage extends MessagePage {
  readonly unlisted: readonly number[]
}

type Row = [
  sequence: number,
  senderId: number,
  messageId: string,
  body: string | null,
  originId: number | null,
  timeAndFlags: number,
]

/** Rows come all at once, which is much faster than one by one, so longer bodies are read for themselves: a page has an end in bytes. */
const longestBodyAtOnce = 8_192
const flag = { object: 1, unlisted: 2, elsewhere: 4, envelope: 8, request: 16, further: 32 } as const
/** Above the flags stands the time, in Unix milliseconds: together less than 2^53. */
const flagsEnd = 64

// SQLite gives | and << the same rank. Each column costs a value for each row: what most rows do not have is read where a row has it.
const pageQuery = `SELECT id & 0xffffffff, sender_id, message_id,
    CASE WHEN octet_length(body) <= ${longestBodyAtOnce} THEN body END, origin_id,
    received_at_ms * ${flagsEnd} | content_type | ((outgoing_id IS NOT NULL AND stays = 0) << 1) | (elsewhere << 2)
      | ((envelope_at_ms IS NOT NULL) << 3) | ((request IS NOT NULL) << 4)
      | ((listed_id IS NOT NULL OR octet_length(body) > ${longestBodyAtOnce}) << 5)
  FROM messages WHERE id > (? << 32 | ?) AND id < (? + 1) << 32 ORDER BY id ${boundLimit}`
const furtherQuery = `SELECT listed_id, CASE WHEN octet_length(body) > ${longestBodyAtOnce} THEN body END
  FROM messages WHERE id = ? << 32 | ?`
const proofQuery = 'SELECT envelope_at_ms, envelope, request FROM messages WHERE id = ? << 32 | ?'

/** One page of the box of that number, which must be of `address`. */
export function readBoxPage(
  reader: ReaderContext,
  mailboxId: number,
  address: BoxAddress,
  { after, limit, maxBytes, withProofs }: PageLimits,
): DraftPage {
  const messages: PagedMessage[] = []
  const unlisted: number[] = []
  let bytes = 0
  const rows = reader.sql<Row>(pageQuery).all(mailboxId, Math.min(after, 0xffff_ffff), mailboxId, limit + 1)
  for (const [sequence, senderId, messageId, shortBody, originId, timeAndFlags] of rows) {
    const receivedAtMs = Math.floor(timeAndFlags / flagsEnd)
    const flags = timeAndFlags - receivedAtMs * flagsEnd
    if (messages.length >= limit) return { messages, more: true, unlisted }
    const further = (flags & flag.further) === 0 ? nothing : readFurther(reader, mailboxId, sequence)
    const body = shortBody ?? further.longBody
    bytes += Buffer.byteLength(body)
    if (messages.length > 0 && bytes > maxBytes) return { messages, more: true, unlisted }
    if ((flags & flag.unlisted) !== 0) unlisted.push(sequence)
    const hasEnvelope = (flags & flag.envelope) !== 0
    const hasRequest = (flags & flag.request) !== 0
    const originHost = originId === null ? null : reader.key(originId)
    const proofs = withProofs && (hasEnvelope || hasRequest) ? readProofs(reader, mailboxId, sequence) : unread
    messages.push({
      recipient: address.owner,
      box: address.box,
      sender: reader.key(senderId),
      messageId: messageId as MessageId,
      contentType: decodeContentType(flags & flag.object),
      body,
      envelope: proofs.envelope,
      request: proofs.request,
      proof: shownProof({ hasEnvelope, hasRequest, originHost }),
      sequence,
      listedId: further.listedId ?? messageId,
      receivedAtMs,
      originHost,
      acknowledgedElsewhere: (flags & flag.elsewhere) !== 0,
    })
  }
  return { messages, more: false, unlisted }
}

interface Further {
  readonly listedId: string | null
  readonly longBody: string
}

const nothing: Further = { listedId: null, longBody: '' }

function readFurther(reader: ReaderContext, mailboxId: number, sequence: number): Further {
  const [listedId, longBody] = only(reader.sql<[string | null, string | null]>(furtherQuery).get(mailboxId, sequence))
  return { listedId, longBody: longBody ?? '' }
}

const unread = { envelope: null, request: null }

function readProofs(reader: ReaderContext, mailboxId: number, sequence: number) {
  const [envelopeAtMs, envelope, request] = only(
    reader.sql<[number | null, Buffer | null, Buffer | null]>(proofQuery).get(mailboxId, sequence),
  )
  return { envelope: decodeEnvelope(envelopeAtMs, envelope), request: decodeRequest(request) }
}

/** The row of a message whose page was just read. */
function only<T>(row: T | undefined): T {
  if (row === undefined) throw new Error('a message went while its page was read')
  return row
}
