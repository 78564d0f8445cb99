/** A BRC-48 output: who can spend it, and its data fields, the signature being the last one when there is one. */
export interface PushDrop {
  /** A compressed public key, 33 bytes. */
  readonly lockingKey: Uint8Array
  readonly fields: readonly Uint8Array[]
}

const opPushData1 = 0x4c
const opPushData2 = 0x4d
const opPushData4 = 0x4e
const opDrop = 0x75
const op2Drop = 0x6d
const opCheckSig = 0xac
const keyBytes = 33
const fieldsStart = keyBytes + 2

/**
 * The script that the SDK's `PushDrop` makes with the lock before the fields: `<key> OP_CHECKSIG <fields> OP_2DROP.. [OP_DROP]`
 * (BRC-48; phip.md section 1).
 * @throws {RangeError} for a key that is not 33 bytes, and for a field that has no single agreed encoding: empty, or one byte
 * that is a small number (0 to 16, 0x81).
 */
export function encodePushDrop(lockingKey: Uint8Array, fields: readonly Uint8Array[]): Uint8Array {
  if (lockingKey.length !== keyBytes) throw new RangeError('a locking key has 33 bytes')
  if (!fields.every(hasOneEncoding)) throw new RangeError('a field must not be empty or a one-byte number')
  const pushBytes = fields.reduce((sum, field) => sum + pushHeader(field.length).length + field.length, 0)
  const script = new Uint8Array(fieldsStart + pushBytes + Math.ceil(fields.length / 2))
  script[0] = keyBytes
  script.set(lockingKey, 1)
  script[keyBytes + 1] = opCheckSig
  let at = fieldsStart
  for (const field of fields) {
    const header = pushHeader(field.length)
    script.set(header, at)
    script.set(field, at + header.length)
    at += header.length + field.length
  }
  script.fill(op2Drop, at)
  if (fields.length % 2 === 1) script[script.length - 1] = opDrop
  return script
}

/**
 * The key and the fields of a script, as views into it; null unless encoding them again gives the same bytes. So another
 * opcode in place of OP_CHECKSIG, a push that is not minimal, and anything before, between or after are refused.
 */
export function decodePushDrop(script: Uint8Array): PushDrop | null {
  const fields: Uint8Array[] = []
  let at = fieldsStart
  for (let push = readPush(script, at); push !== null; push = readPush(script, at)) {
    fields.push(push.data)
    at = push.end
  }
  const lockingKey = script.subarray(1, keyBytes + 1)
  if (lockingKey.length !== keyBytes || !fields.every(hasOneEncoding)) return null
  const canonical = encodePushDrop(lockingKey, fields)
  const isSame = canonical.length === script.length && canonical.every((byte, index) => byte === script[index])
  return isSame ? { lockingKey, fields } : null
}

/** The next push of data; null where something else stands, or nothing. */
function readPush(script: Uint8Array, at: number): { data: Uint8Array; end: number } | null {
  const opcode = script[at]
  if (opcode === undefined || opcode === 0 || opcode > opPushData4) return null
  const lengthBytes = opcode < opPushData1 ? 0 : 1 << (opcode - opPushData1)
  const start = at + 1 + lengthBytes
  let length = opcode
  if (lengthBytes > 0) {
    length = 0
    for (let index = start - 1; index > at; index -= 1) length = length * 256 + (script[index] ?? 0)
  }
  const end = start + length
  return end > script.length ? null : { data: script.subarray(start, end), end }
}

/** The shortest opcode and length for a push of `length` bytes. */
function pushHeader(length: number): number[] {
  if (length < opPushData1) return [length]
  if (length <= 0xff) return [opPushData1, length]
  if (length <= 0xffff) return [opPushData2, length & 0xff, length >> 8]
  return [opPushData4, length & 0xff, (length >> 8) & 0xff, (length >> 16) & 0xff, length >>> 24]
}

/** The SDK writes such fields as number opcodes and does not read them back; so no token of ours may hold one. */
function hasOneEncoding(field: Uint8Array): boolean {
  const first = field[0]
  return first !== undefined && (field.length > 1 || (first > 16 && first !== 0x81))
}
