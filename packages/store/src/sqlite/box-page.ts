import { shownProof, type BoxAddress, type MessagePage, type PagedMessage, type PageLimits } from '@overpost/core'
import type { MessageId } from '@overpost/protocol'
import { boundLimit } from './database.ts'
import type { ReaderContext } from './reader-context.ts'
import { decodeContentType, decodeEnvelope, decodeRequest, isPlainTextCode } from './row-codes.ts'

/** What a page shows, and which of it are guests' copies that were not shown before. */
export interface DraftPage extends MessagePage {
  readonly unlisted: readonly number[]
}

type Row = [sequence: number, parties: number, messageId: string, body: string | null, timeAndFlags: number]

/** Rows come all at once, which is much faster than one by one, so longer bodies are read for themselves: a page has an end in bytes. */
const longestBodyAtOnce = 8_192
const flag = { contentType: 3, unlisted: 4, elsewhere: 8, envelope: 16, request: 32, further: 64 } as const
/** Above the flags stands the time, in Unix milliseconds: together less than 2^53. */
const flagsEnd = 128
/** The numbers of the sender and, below it, of the host that handed it in, or 0: where both are below this, together less than 2^53. */
const partiesEnd = 2 ** 26

// SQLite gives | and << the same rank. Each column costs a value for each row: what most rows do not have is read where a row has it.
const pageQuery = `SELECT id & 0xffffffff, sender_id * ${partiesEnd} + coalesce(origin_id, 0), message_id,
    CASE WHEN octet_length(body) <= ${longestBodyAtOnce} THEN body END,
    received_at_ms * ${flagsEnd} | content_type | ((outgoing_id IS NOT NULL AND stays = 0) << 2) | (elsewhere << 3)
      | ((envelope_at_ms IS NOT NULL) << 4) | ((request IS NOT NULL) << 5)
      | ((listed_id IS NOT NULL OR octet_length(body) > ${longestBodyAtOnce}
        OR max(sender_id, coalesce(origin_id, 0)) >= ${partiesEnd}) << 6)
  FROM messages WHERE id > (? << 32 | ?) AND id < (? + 1) << 32 ORDER BY id ${boundLimit}`
const furtherQuery = `SELECT listed_id, CASE WHEN octet_length(body) > ${longestBodyAtOnce} THEN body END, sender_id, origin_id
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
  for (const [sequence, parties, messageId, shortBody, timeAndFlags] of rows) {
    const receivedAtMs = Math.floor(timeAndFlags / flagsEnd)
    const flags = timeAndFlags - receivedAtMs * flagsEnd
    if (messages.length >= limit) return { messages, more: true, unlisted }
    const further = (flags & flag.further) === 0 ? null : readFurther(reader, mailboxId, sequence)
    const body = shortBody ?? further?.longBody ?? ''
    const contentTypeCode = flags & flag.contentType
    const isPlain = isPlainTextCode(contentTypeCode)
    bytes += isPlain ? body.length : Buffer.byteLength(body)
    if (messages.length > 0 && bytes > maxBytes) return { messages, more: true, unlisted }
    if ((flags & flag.unlisted) !== 0) unlisted.push(sequence)
    const hasEnvelope = (flags & flag.envelope) !== 0
    const hasRequest = (flags & flag.request) !== 0
    const senderId = further?.senderId ?? Math.floor(parties / partiesEnd)
    const originId = further?.originId ?? parties - senderId * partiesEnd
    const originHost = originId === 0 ? null : reader.key(originId)
    const proofs = withProofs && (hasEnvelope || hasRequest) ? readProofs(reader, mailboxId, sequence) : unread
    messages.push({
      recipient: address.owner,
      box: address.box,
      sender: reader.key(senderId),
      messageId: messageId as MessageId,
      contentType: decodeContentType(contentTypeCode),
      body,
      envelope: proofs.envelope,
      request: proofs.request,
      proof: shownProof({ hasEnvelope, hasRequest, originHost }),
      isPlain,
      sequence,
      listedId: further?.listedId ?? messageId,
      receivedAtMs,
      originHost,
      acknowledgedElsewhere: (flags & flag.elsewhere) !== 0,
    })
  }
  return { messages, more: false, unlisted }
}

function readFurther(reader: ReaderContext, mailboxId: number, sequence: number) {
  type Further = [listedId: string | null, longBody: string | null, senderId: number, originId: number | null]
  const [listedId, longBody, senderId, originId] = only(reader.sql<Further>(furtherQuery).get(mailboxId, sequence))
  return { listedId, longBody, senderId, originId: originId ?? 0 }
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
