// A program: sends as fast as it is told to, whatever it is answered, and prints how often it got which answer.
import { HostSession, IdentityWallet, nodeTransport } from '@overpost/auth'
import { atPace } from './pace.ts'
import { fromAddress } from './from-address.ts'

export interface FlooderOptions {
  readonly host: string
  readonly privateKey: string
  /** What the proxy, which the host trusts, says of it. */
  readonly address: string
  readonly recipient: string
  /** As fast as this, or as fast as it can. */
  readonly perSecond: number
  readonly calls: number
}

export interface FlooderReport {
  /** How many calls got which status. */
  readonly answers: Readonly<Record<string, number>>
  readonly elapsedSeconds: number
}

const options = JSON.parse(process.argv[2] ?? '') as FlooderOptions
const transport = nodeTransport({ connectionsPerOrigin: 64 })
const session = new HostSession({
  wallet: new IdentityWallet(options.privateKey),
  transport: fromAddress(transport, options.address),
  origin: options.host,
  expectedHostKey: null,
})
const answers: Record<string, number> = {}
const note = (answer: string) => {
  answers[answer] = (answers[answer] ?? 0) + 1
}

const startedAt = performance.now()
await atPace(options.perSecond, { most: options.calls }, async (index) => {
  const message = { recipient: options.recipient, messageBox: 'flood', messageId: `flood ${index}`, body: 'buy this' }
  const call = { method: 'POST', path: '/sendMessage', body: JSON.stringify({ message }) }
  try {
    const { status } = await session.call({ ...call, signal: AbortSignal.timeout(30_000), maxAnswerBytes: 65_536 })
    note(String(status))
  } catch (error) {
    note(String((error as { status?: number | null }).status ?? 'failed'))
  }
})
transport.close()
const elapsedSeconds = (performance.now() - startedAt) / 1000
process.stdout.write(`${JSON.stringify({ answers, elapsedSeconds } satisfies FlooderReport)}\n`)
