import type { CustodyAnswer, CustodyPlace } from '@overpost/protocol'
import type { Connection } from '../database.ts'

type ReceiptValues = [answerId: number | null, index: number | null, storedAtMs: number | null, bodyHash: Buffer | null]

/** What names a parcel's receipt, to be set to {@link AnswersKept.values}. */
export const receiptColumns = 'answer_id = ?, answer_index = ?, stored_at_ms = ?, body_hash = ?'

const nothing: ReceiptValues = [null, null, null, null]
const hashBytes = 32

/** The answers from which parcels have their receipts, each kept once; to be flushed when the parcels are written. */
export class AnswersKept {
  readonly #connection: Connection
  readonly #kept = new Map<CustodyAnswer, { readonly id: number; parcels: number }>()

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** For {@link receiptColumns} of a parcel. */
  values(receipt: CustodyPlace | null): ReceiptValues {
    if (receipt === null) return nothing
    const { answer, index, storedAtMs, bodyHash } = receipt
    let kept = this.#kept.get(answer)
    if (kept === undefined) {
      kept = { id: insertAnswer(this.#connection, answer), parcels: 0 }
      this.#kept.set(answer, kept)
    }
    return [kept.id, index, storedAtMs, Buffer.from(bodyHash, 'hex')]
  }

  /** A parcel has that receipt now. */
  count(receipt: CustodyPlace | null): void {
    const kept = receipt === null ? undefined : this.#kept.get(receipt.answer)
    if (kept !== undefined) kept.parcels++
  }

  /** Writes how many parcels have their receipts from each; what none has goes. */
  flush(): void {
    for (const { id, parcels } of this.#kept.values()) {
      if (parcels === 0) this.#connection.sql('DELETE FROM custody_answers WHERE id = ?').run(id)
      else this.#connection.sql('UPDATE custody_answers SET parcels = ? WHERE id = ?').run(parcels, id)
    }
  }
}

/** A parcel's receipt, by what its columns hold. */
export function readReceipt(
  connection: Connection,
  [answerId, index, storedAtMs, hash]: ReceiptValues,
): CustodyPlace | null {
  const row =
    answerId === null
      ? undefined
      : connection.sql<[Buffer, Buffer]>('SELECT leaves, signature FROM custody_answers WHERE id = ?').get(answerId)
  if (row === undefined || index === null || storedAtMs === null || hash === null) return null
  const [leaves, signature] = row
  return {
    storedAtMs,
    bodyHash: hash.toString('hex'),
    index,
    answer: { leaves: hashesIn(leaves), signatureHex: signature.toString('hex') },
  }
}

function insertAnswer(connection: Connection, { leaves, signatureHex }: CustodyAnswer): number {
  const made = connection
    .sql('INSERT INTO custody_answers (leaves, signature, parcels) VALUES (?, ?, 0)')
    .run(Buffer.from(leaves.join(''), 'hex'), Buffer.from(signatureHex, 'hex'))
  return Number(made.lastInsertRowid)
}

function hashesIn(bytes: Buffer): string[] {
  return Array.from({ length: bytes.length / hashBytes }, (_, index) =>
    bytes.toString('hex', index * hashBytes, (index + 1) * hashBytes),
  )
}
