import { bytesToHex } from '../hex.ts'

const pushData1 = 0x4c
const pushData4 = 0x4e
const checkSig = 0xac
const checkSigVerify = 0xad
const checkMultiSigVerify = 0xaf
// Splicing, bit and big-number arithmetic, hashing: what takes time with the size of what is on the stack.
const costlyFirst = 0x7e
const costlyLast = 0x86
const arithmeticFirst = 0x95
const arithmeticLast = 0x99
const hashFirst = 0xa6
const hashLast = 0xaa

/** What running a script may cost at most: signature checks, and operations whose time grows with their operands. */
export interface ScriptCost {
  readonly signatureChecks: number
  readonly costlyOperations: number
  /** Pushes, drops and signature checks only, or a payment to a key's hash: its time grows with its length and checks alone. */
  readonly isPlain: boolean
}

const drops = [0x75, 0x6d]
const payToKeyHash = /^76a914[0-9a-f]{40}88ac$/

/** Counts without running. A multi-signature check counts as 20. */
export function scriptCost(script: Uint8Array): ScriptCost {
  let signatureChecks = 0
  let costlyOperations = 0
  let isPlain = true
  for (let at = 0; at < script.length;) {
    const op = script[at++] ?? 0
    if (op > pushData4 && op !== checkSig && !drops.includes(op)) isPlain = false
    if (op < pushData1) at += op
    else if (op <= pushData4) {
      const width = 1 << (op - pushData1)
      at += width + littleEndian(script, at, width)
    } else if (op >= checkSig && op <= checkMultiSigVerify) signatureChecks += op <= checkSigVerify ? 1 : 20
    else if (isBetween(op, costlyFirst, costlyLast) || isBetween(op, arithmeticFirst, arithmeticLast))
      costlyOperations++
    else if (isBetween(op, hashFirst, hashLast)) costlyOperations++
  }
  return { signatureChecks, costlyOperations, isPlain: isPlain || isPayToKeyHash(script) }
}

function isPayToKeyHash(script: Uint8Array): boolean {
  return script.length === 25 && payToKeyHash.test(bytesToHex(script))
}

function littleEndian(bytes: Uint8Array, at: number, width: number): number {
  let value = 0
  for (let index = width - 1; index >= 0; index--) value = value * 256 + (bytes[at + index] ?? 0)
  return value
}

function isBetween(op: number, first: number, last: number): boolean {
  return op >= first && op <= last
}
