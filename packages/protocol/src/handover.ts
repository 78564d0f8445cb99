import type { WalletInterface } from '@bsv/sdk'
import * as z from 'zod'
import { RelayError } from './errors.ts'
import { isTimestamp } from './envelope.ts'
import { asRecord, parseOrNull } from './json.ts'
import { phipHandoverKey, walletKey } from './names.ts'
import { maxAheadMs } from './phip-authorization.ts'
import { parseHandedOver, parsePropagateMessages, type PropagatedMessage } from './propagate-message.ts'
import { identityKeySchema, type IdentityKey } from './scalars.ts'
import { parseSignature } from './signature-field.ts'
import type { SignatureVerifier } from './signature-verifier.ts'

/** A user moves: what waits at one host is to go to another (docs/specs/handover.md). */
export interface Handover {
  readonly userKey: IdentityKey
  readonly from: IdentityKey
  readonly to: IdentityKey
  /** Unix milliseconds. */
  readonly atMs: number
}

export interface SignedHandover extends Handover {
  /** DER, over {@link handoverText}. */
  readonly signature: Uint8Array
}

/** `POST /revokeRouting` of a user who moves. */
export interface MoveJson {
  readonly from: string
  readonly to: string
  readonly atMs: number
  readonly signature: string | readonly number[]
}

/** `POST /handoverMessages`, from the host that the user leaves to the other. */
export interface HandoverMessagesJson {
  readonly userKey: string
  readonly atMs: number
  readonly signature: string
  /** As in `/propagateMessages`, with the proofs `envelope` and `host`, and {@link VouchedRequestItemJson}. */
  readonly messages: readonly unknown[]
}

const moveSchema = z.strictObject({
  from: identityKeySchema,
  to: identityKeySchema,
  atMs: z.custom<number>(isTimestamp),
  signature: z.unknown(),
})
const headSchema = z.object({ userKey: identityKeySchema, atMs: z.custom<number>(isTimestamp), signature: z.unknown() })

/** How far a move is: messages that still wait at the host that was left. */
export const moveAnswerSchema = z.object({
  status: z.literal('success'),
  waiting: z.int().min(0),
  done: z.boolean(),
})
export type MoveAnswer = z.output<typeof moveAnswerSchema>

const encoder = new TextEncoder()

/** What the user signs: `<user key> moves from <host key> to <host key> <atMs>`. */
export function handoverText({ userKey, from, to, atMs }: Handover): string {
  return `${userKey} moves from ${from} to ${to} ${atMs}`
}

/** Signs `terms` with the wallet of `terms.userKey`. */
export async function signHandover(
  wallet: Pick<WalletInterface, 'createSignature'>,
  terms: Handover,
): Promise<SignedHandover> {
  const { signature } = await wallet.createSignature({
    ...walletKey(phipHandoverKey),
    counterparty: 'anyone',
    data: Array.from(encoder.encode(handoverText(terms))),
  })
  return { ...terms, signature: Uint8Array.from(signature) }
}

/** The move in a `/revokeRouting` of `userKey`; null when it is none. @throws {RelayError} ERR_INVALID_REQUEST */
export function parseMove(json: unknown, userKey: IdentityKey): SignedHandover | null {
  const record = asRecord(json)
  if (record === null || !Object.hasOwn(record, 'to')) return null
  const move = parseOrNull(moveSchema, record)
  if (move === null || move.from === move.to) throw new RelayError('ERR_INVALID_REQUEST')
  return { userKey, from: move.from, to: move.to, atMs: move.atMs, signature: parseSignature(move.signature) }
}

/**
 * What the authenticated host `from` hands over to the host `to`. Of each message only the form is checked.
 * @throws {RelayError} ERR_INVALID_PARAMETERS, ERR_INVALID_REQUEST
 */
export function parseHandoverMessages(
  json: unknown,
  { from, to }: { from: IdentityKey; to: IdentityKey },
): { readonly handover: SignedHandover; readonly items: (PropagatedMessage | RelayError)[] } {
  const head = parseOrNull(headSchema, json)
  if (head === null) throw new RelayError('ERR_INVALID_PARAMETERS')
  const { userKey, atMs } = head
  return {
    handover: { userKey, from, to, atMs, signature: parseSignature(head.signature) },
    items: parsePropagateMessages(json, parseHandedOver),
  }
}

/**
 * That the user signed it, at most 10 minutes ahead and not longer ago than `memoryMs`: an old one gives its host no lasting right.
 * @throws {RelayError} ERR_TOO_OLD, ERR_SIGNATURE_INVALID
 */
export function requireHandover(
  handover: SignedHandover,
  { nowMs, memoryMs, verifier }: { nowMs: number; memoryMs: number; verifier: SignatureVerifier },
): void {
  const { userKey, atMs, signature } = handover
  if (atMs > nowMs + maxAheadMs || atMs < nowMs - memoryMs) throw new RelayError('ERR_TOO_OLD')
  const isSigned = verifier.verify(userKey, phipHandoverKey, encoder.encode(handoverText(handover)), signature)
  if (!isSigned) throw new RelayError('ERR_SIGNATURE_INVALID')
}
