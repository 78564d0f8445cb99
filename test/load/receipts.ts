import { IdentityWallet, nativeSignatureVerifier } from '@overpost/auth'
import {
  custodyBodyHash,
  custodyLeaf,
  proveCustody,
  signCustody,
  type BoxName,
  type CustodyMessage,
  type ForwardId,
  type MessageId,
} from '@overpost/protocol'

// What custody receipts cost both hosts, in CPU, for batches of 100 messages of 1 KiB: no network, no disk.
const perBatch = 100
const batches = 200
const body = 'x'.repeat(1_024)
const storedAtMs = 1_700_000_000_000
const verifier = nativeSignatureVerifier()
const [origin, host, recipient, sender] = ['44', '22', '33', '11'].map(
  (digits) => new IdentityWallet(digits.repeat(32)),
)
if (origin === undefined || host === undefined || recipient === undefined || sender === undefined)
  throw new Error('who?')

/** The body is hashed anew each time, as each host does. */
const message = (index: number): CustodyMessage => ({
  originHost: origin.identityKey,
  forwardId: index.toString(16).padStart(64, '0') as ForwardId,
  recipient: recipient.identityKey,
  sender: sender.identityKey,
  box: 'inbox' as BoxName,
  messageId: `message ${index}` as MessageId,
  bodyHash: custodyBodyHash(body, verifier),
})
const indexes = Array.from({ length: perBatch }, (_, index) => index)

async function measure(name: string, batch: () => unknown): Promise<void> {
  for (let round = 0; round < batches; round += 1) await batch()
  const before = process.cpuUsage()
  for (let round = 0; round < batches; round += 1) await batch()
  const { user, system } = process.cpuUsage(before)
  const msPerThousand = (user + system) / 1000 / ((batches * perBatch) / 1000)
  process.stdout.write(`${name}: ${msPerThousand.toFixed(2)} ms of CPU per 1,000 messages in batches of ${perBatch}\n`)
}

const leaves = () => indexes.map((index) => custodyLeaf(message(index), storedAtMs, verifier))
const signature = await signCustody(host, leaves(), verifier)
const said = leaves().map((leaf) => ({ storedAtMs, leaf }))

await measure('the receiving host, leaves, root and signature', () => signCustody(host, leaves(), verifier))
await measure('the sending host, leaves, root, verification and paths', () => {
  const items = indexes.map((index) => ({ message: message(index), custody: said[index] }))
  const proofs = proveCustody(items, signature, { hostKey: host.identityKey, verifier })
  if (proofs.includes(null)) throw new Error('a receipt does not hold')
})
