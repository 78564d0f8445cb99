import type { WalletInterface } from '@bsv/sdk'
import { isSignatureHex, isTimestamp } from './envelope.ts'
import { bytesToHex, hexInto, hexToBytes } from './hex.ts'
import { asRecord } from './json.ts'
import { leafMark, merkleLevels, merklePath, merkleRootOf } from './merkle-tree.ts'
import { custodyReceiptKey, walletKey } from './names.ts'
import type { BoxName, ForwardId, IdentityKey, MessageId } from './scalars.ts'
import type { Hasher, SignatureVerifier } from './signature-verifier.ts'

/**
 * What a receiving host signed for one message: its place in a Merkle tree over the messages of one answer, and the signature
 * over that tree's root (docs/specs/custody-receipt.md). Whom it is about, the rest of the leaf, is not in it: host, forward id
 * and the message's names stand beside it wherever it is kept. Plain JSON, about 700 bytes at most.
 */
export interface CustodyProof {
  /** When the receiving host had it on disk: by its own clock, Unix milliseconds. */
  readonly storedAtMs: number
  /** SHA-256 of the body, 64 hexadecimal digits. */
  readonly bodyHash: string
  /** The leaf's place among the `leaves` of its tree, from 0 on. */
  readonly index: number
  readonly leaves: number
  /** Hashes from the leaf's neighbour up to the root's child, 64 hexadecimal digits each: at most 7. */
  readonly path: readonly string[]
  /** Over the root, for anyone: DER as hexadecimal digits. */
  readonly signatureHex: string
}

/** What a receiving host signed in one answer: the leaves of its tree in order, 64 hexadecimal digits each, and their signature. */
export interface CustodyAnswer {
  readonly leaves: readonly string[]
  /** Over the root, for anyone: DER as hexadecimal digits. */
  readonly signatureHex: string
}

/** A message's place in an answer that was checked: what is kept of a receipt, since many share their answer. */
export interface CustodyPlace extends Pick<CustodyProof, 'storedAtMs' | 'bodyHash' | 'index'> {
  readonly answer: CustodyAnswer
}

/** A message as one host handed it to another: what a leaf is about. */
export interface CustodyMessage {
  /** The host that handed it in. */
  readonly originHost: IdentityKey
  readonly forwardId: ForwardId
  readonly recipient: IdentityKey
  readonly box: BoxName
  readonly sender: IdentityKey
  readonly messageId: MessageId
  /** SHA-256 of the body, 64 hexadecimal digits. */
  readonly bodyHash: string
}

/** What the receiving host says of one message in its answer. */
export interface Custody {
  readonly storedAtMs: number
  /** The leaf's hash, 64 hexadecimal digits. */
  readonly leaf: string
}

export const maxCustodyLeaves = 100
const encoder = new TextEncoder()
const hashForm = /^[0-9a-f]{64}$/
const keyBytes = 33
const hashBytes = 32
const timeBytes = 8
const fixedBytes = 3 * keyBytes + 2 * hashBytes + timeBytes
const lengthBytes = 2
/** For one leaf at a time, since an array that is made for each has memory of its own outside the heap. Grows with the texts in it. */
let leafBytes = new Uint8Array(1024)

/** The hash of a body, as leaves hold it. */
export function custodyBodyHash(body: string, hasher: Hasher): string {
  return hasher.sha256Hex(body)
}

/**
 * Under which forward id a host signs for what its sender handed in to it directly, and nobody forwarded: the time, and the first 24
 * bytes of the SHA-256 of the handle.
 */
export function ownForwardId(handle: string, acceptedAtMs: number, hasher: Hasher): ForwardId {
  const name = hasher.sha256Hex(handle).slice(0, 48)
  return (acceptedAtMs.toString(16).padStart(16, '0') + name) as ForwardId
}

/** The hash of the leaf of a message that was stored then, 64 hexadecimal digits. */
export function custodyLeaf(message: CustodyMessage, storedAtMs: number, hasher: Hasher): string {
  const { originHost, forwardId, recipient, sender, bodyHash, box, messageId } = message
  const mostBytes = 1 + fixedBytes + 2 * lengthBytes + 3 * (box.length + messageId.length)
  if (mostBytes > leafBytes.length) leafBytes = new Uint8Array(mostBytes)
  leafBytes[0] = leafMark
  let at = 1
  for (const hex of [originHost, forwardId, recipient, sender, bodyHash]) at = writeHex(hex, at)
  at = writeNumber(storedAtMs, timeBytes, at)
  for (const text of [box, messageId]) {
    const { written } = encoder.encodeInto(text, leafBytes.subarray(at + lengthBytes))
    at = writeNumber(written, lengthBytes, at) + written
  }
  return hasher.sha256Hex(leafBytes.subarray(0, at))
}

/** Big-endian. Where it ends. */
function writeNumber(value: number, bytes: number, at: number): number {
  for (let place = at + bytes - 1, rest = value; place >= at; place -= 1, rest = Math.floor(rest / 256)) {
    leafBytes[place] = rest % 256
  }
  return at + bytes
}

/** Where it ends. @throws {TypeError} for what is not hexadecimal */
function writeHex(hex: string, at: number): number {
  const end = hexInto(hex, leafBytes, at)
  if (end === null) throw notHex()
  return end
}

/** The receiving host's signature for the leaves of one answer, at least one, in order: DER as hexadecimal digits. */
export async function signCustody(
  wallet: Pick<WalletInterface, 'createSignature'>,
  leaves: readonly string[],
  hasher: Hasher,
): Promise<string> {
  const [root] = merkleLevels(leaves.map(requireBytes), hasher).at(-1) ?? []
  if (root === undefined) throw new RangeError('there is nothing to sign')
  const { signature } = await wallet.createSignature({
    ...walletKey(custodyReceiptKey),
    counterparty: 'anyone',
    data: Array.from(signedText(leaves.length, root)),
  })
  return bytesToHex(Uint8Array.from(signature))
}

/**
 * What an answer of `hostKey` proves of the messages that were handed in, in order: each with what the answer says of it, as it
 * came. Null where it says nothing, or what does not hold.
 */
export function proveCustody(
  items: readonly { readonly message: CustodyMessage; readonly custody: unknown }[],
  signature: unknown,
  { hostKey, verifier }: { hostKey: IdentityKey; verifier: SignatureVerifier },
): (CustodyPlace | null)[] {
  const claims = items.map(({ custody }) => readCustody(custody))
  const leaves = claims.flatMap((claim) => claim?.leaf ?? [])
  const nothing = items.map(() => null)
  if (leaves.length === 0 || leaves.length > maxCustodyLeaves || !isSignatureHex(signature)) return nothing
  const [root] = merkleLevels(leaves.map(requireBytes), verifier).at(-1) ?? []
  const signatureHex = signature.toLowerCase()
  if (root === undefined || !isRootSigned(root, { leaves: leaves.length, signatureHex }, { hostKey, verifier })) {
    return nothing
  }
  const answer = { leaves, signatureHex }
  let next = 0
  return items.map(({ message }, at) => {
    const claim = claims[at]
    if (claim == null) return null
    const index = next++
    const { storedAtMs, leaf } = claim
    if (custodyLeaf(message, storedAtMs, verifier) !== leaf) return null
    return { storedAtMs, bodyHash: message.bodyHash, index, answer }
  })
}

/** The trees of answers that are in somebody's hands: one question may be for receipts of many messages of one answer. */
const levelsOf = new WeakMap<CustodyAnswer, ReturnType<typeof merkleLevels>>()

/** The receipt of one message by itself, with the path that leads from its leaf to the root. */
export function custodyProof({ storedAtMs, bodyHash, index, answer }: CustodyPlace, hasher: Hasher): CustodyProof {
  const { leaves, signatureHex } = answer
  let levels = levelsOf.get(answer)
  if (levels === undefined) {
    levels = merkleLevels(leaves.map(requireBytes), hasher)
    levelsOf.set(answer, levels)
  }
  const path = merklePath(levels, index).map(bytesToHex)
  return { storedAtMs, bodyHash, index, leaves: leaves.length, path, signatureHex }
}

/** Whether `hostKey` signed that it has this message. */
export function verifyCustody(
  message: CustodyMessage,
  proof: CustodyProof,
  { hostKey, verifier }: { hostKey: IdentityKey; verifier: SignatureVerifier },
): boolean {
  const { storedAtMs, bodyHash, index, leaves } = proof
  const isPlace = leaves >= 1 && leaves <= maxCustodyLeaves && index >= 0 && index < leaves
  if (!isPlace || !Number.isInteger(leaves) || !Number.isInteger(index)) return false
  if (!isTimestamp(storedAtMs) || bodyHash !== message.bodyHash || !proof.path.every((hash) => hashForm.test(hash))) {
    return false
  }
  const leaf = requireBytes(custodyLeaf(message, storedAtMs, verifier))
  const root = merkleRootOf({ leaf, index, leaves, path: proof.path.map(requireBytes) }, verifier)
  return root !== null && isRootSigned(root, proof, { hostKey, verifier })
}

function isRootSigned(
  root: Uint8Array,
  { leaves, signatureHex }: { leaves: number; signatureHex: string },
  { hostKey, verifier }: { hostKey: IdentityKey; verifier: SignatureVerifier },
): boolean {
  const signature = hexToBytes(signatureHex)
  return signature !== null && verifier.verify(hostKey, custodyReceiptKey, signedText(leaves, root), signature)
}

function signedText(leaves: number, root: Uint8Array): Uint8Array {
  return encoder.encode(`phip-custody-1\n${leaves}\n${bytesToHex(root)}`)
}

function readCustody(json: unknown): Custody | null {
  const { storedAtMs, leaf } = asRecord(json) ?? {}
  return isTimestamp(storedAtMs) && typeof leaf === 'string' && hashForm.test(leaf) ? { storedAtMs, leaf } : null
}

/** @throws {TypeError} for what is not hexadecimal: a program's fault, since forms are checked where they come in. */
function requireBytes(hex: string): Uint8Array {
  const bytes = hexToBytes(hex)
  if (bytes === null) throw notHex()
  return bytes
}

function notHex(): TypeError {
  return new TypeError('this is not hexadecimal')
}
