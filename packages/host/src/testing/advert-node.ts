import { createServer } from 'node:http'
import { Transaction } from '@bsv/sdk'
import { decodePhipToken, decodeWithdrawalToken, type HostOrigin, type IdentityKey } from '@overpost/protocol'
import { bind, unbind } from './scripted-peer.ts'

interface Known {
  readonly userKey: IdentityKey
  readonly transaction: Transaction
  readonly index: number
  spentBy: Transaction | null
}

/** An overlay node in small: takes tokens and spends, and shows them. */
export interface AdvertNode extends AsyncDisposable {
  readonly origin: HostOrigin
  /** By outpoint. */
  readonly tokens: Map<string, Known>
  /** Ids of the transactions submitted, in order. */
  readonly submitted: string[]
  isDown: boolean
}

export async function advertNode(): Promise<AdvertNode> {
  const tokens = new Map<string, Known>()
  const submitted: string[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const body = Buffer.concat(chunks)
      if (node.isDown) response.writeHead(503).end()
      else {
        const answer = request.url === '/submit' ? submit(body) : lookup(body)
        response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer))
      }
    })
  })

  function submit(body: Buffer) {
    const transaction = Transaction.fromBEEF(Array.from(body))
    const txid = transaction.id('hex')
    submitted.push(txid)
    const outputsToAdmit: number[] = []
    const coinsRemoved: number[] = []
    transaction.inputs.forEach(({ sourceTXID, sourceOutputIndex }, index) => {
      const known = tokens.get(`${sourceTXID ?? ''}.${sourceOutputIndex}`)
      if (known === undefined || known.spentBy !== null) return
      known.spentBy = transaction
      coinsRemoved.push(index)
    })
    transaction.outputs.forEach(({ lockingScript }, index) => {
      const script = Uint8Array.from(lockingScript.toBinary())
      const token = decodePhipToken(script) ?? decodeWithdrawalToken(script)
      if (token === null || tokens.has(`${txid}.${index}`)) return
      tokens.set(`${txid}.${index}`, { userKey: token.userKey, transaction, index, spentBy: null })
      outputsToAdmit.push(index)
    })
    return { tm_phip: { outputsToAdmit, coinsToRetain: [], coinsRemoved } }
  }

  function lookup(body: Buffer) {
    const { query } = JSON.parse(body.toString('utf8')) as { query: { recipient: string } }
    const outputs = [...tokens.values()]
      .filter(({ userKey }) => userKey === query.recipient)
      .map(({ transaction, index, spentBy }) => ({
        beef: transaction.toBEEF(),
        outputIndex: index,
        ...(spentBy === null ? {} : { context: spentBy.toBEEF() }),
      }))
    return { type: 'output-list', outputs }
  }

  const origin = await bind(server)
  const node = { origin, tokens, submitted, isDown: false, [Symbol.asyncDispose]: () => unbind(server) }
  return node
}
