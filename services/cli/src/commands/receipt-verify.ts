import { readFileSync } from 'node:fs'
import { nativeSignatureVerifier } from '@overpost/auth'
import { custodyBodyHash, verifyCustodyReceipt, type CustodyReceipt } from '@overpost/protocol'
import { defineCommand, UsageError } from '../command.ts'
import { columns } from '../help-text.ts'
import { exitCodes } from '../io.ts'
import { shared } from '../options.ts'

/** Far above the largest receipt: its names are bounded. */
const mostBytes = 16_384

export const receiptVerify = defineCommand({
  name: 'receipt verify',
  summary: 'check a custody receipt: whether that host signed that it has the message; asks nobody',
  positionals: [{ name: 'FILE', required: true, description: 'the receipt, as status --receipt writes it' }],
  options: {
    'body-file': {
      kind: 'text',
      value: 'FILE',
      description: 'also check that this is the body, byte for byte as it was sent',
    },
    json: shared.json,
  },
  notes: [
    'Exit code 0 when the receipt holds, 1 when it does not. It proves what the host said, not that it has the message still; the\n' +
      'time is by its own clock, and its address is not signed: the chain says which address that key has.',
  ],
  run({ options, positionals: [file = ''] }, io) {
    const verifier = nativeSignatureVerifier()
    const verified = verifyCustodyReceipt(readJson(file), verifier)
    const body = options['body-file'] === undefined ? null : read(options['body-file'])
    const fault =
      'fault' in verified
        ? verified.fault
        : body !== null && custodyBodyHash(body.toString('utf8'), verifier) !== verified.receipt.bodyHash
          ? 'it is for another body'
          : null
    if (options.json) {
      io.out(
        JSON.stringify(
          fault === null
            ? { valid: true, ...('receipt' in verified ? verified.receipt : {}) }
            : { valid: false, fault },
        ),
      )
    } else if (fault !== null || 'fault' in verified) {
      io.out(`This receipt does not hold: ${fault ?? ''}`)
    } else {
      for (const line of describe(verified.receipt)) io.out(line)
    }
    return Promise.resolve(fault === null ? exitCodes.done : exitCodes.refused)
  },
})

function describe({ host, proof, ...message }: CustodyReceipt): string[] {
  return [
    'This receipt holds. The host signed that it has this message:',
    ...columns([
      ['  host', host.identityKey],
      ['  reached at', `${host.origin} (not signed)`],
      ['  stored', new Date(proof.storedAtMs).toISOString()],
      ['  recipient', message.recipient],
      ['  box', JSON.stringify(message.box)],
      ['  sender', message.sender],
      ['  message id', JSON.stringify(message.messageId)],
      ['  body SHA-256', message.bodyHash],
      ['  handed in by', message.originHost],
      ['  forward id', message.forwardId],
    ]),
  ]
}

/** Undefined for what is no JSON, which no receipt is. */
function readJson(path: string): unknown {
  const bytes = read(path)
  if (bytes.length > mostBytes) return undefined
  try {
    return JSON.parse(bytes.toString('utf8'))
  } catch {
    return undefined
  }
}

function read(path: string): Buffer {
  try {
    return readFileSync(path)
  } catch (cause) {
    throw new UsageError(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`)
  }
}
