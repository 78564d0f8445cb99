import { nativeHasher } from '@overpost/auth'
import { parseBeef } from '@overpost/protocol'
import { Beef, BEEF_V1, type LookupAnswer } from '@bsv/sdk'

/**
 * The binary form of a lookup answer (overlay.md section 2): the number of outputs, for each its txid in display order, index, context with
 * its length, then one BEEF for all. Numbers are VarInts.
 */
export function aggregateAnswer(outputs: LookupAnswer['outputs']): Buffer {
  const merged = new Beef(BEEF_V1)
  const parts: Uint8Array[] = [varInt(outputs.length)]
  for (const { beef, outputIndex, context } of outputs) {
    const { subject } = parseBeef(Uint8Array.from(beef), nativeHasher)
    merged.mergeBeef(beef)
    const contextBytes = Uint8Array.from(context ?? [])
    parts.push(Buffer.from(subject.txid, 'hex'), varInt(outputIndex), varInt(contextBytes.length), contextBytes)
  }
  return Buffer.concat([...parts, merged.toUint8Array()])
}

function varInt(value: number): Uint8Array {
  if (value < 0xfd) return Uint8Array.of(value)
  const bytes = Buffer.alloc(value <= 0xffff ? 3 : 5)
  bytes[0] = value <= 0xffff ? 0xfd : 0xfe
  if (value <= 0xffff) bytes.writeUInt16LE(value, 1)
  else bytes.writeUInt32LE(value, 1)
  return bytes
}
