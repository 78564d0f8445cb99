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
