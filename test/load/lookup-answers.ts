import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Beef, LockingScript, MerklePath, Transaction, UnlockingScript } from '@bsv/sdk'
import { IdentityWallet } from '@overpost/auth'
import { bytesToHex, createPhipTokenScript, signAuthorization } from '@overpost/protocol'
import { SeededRandom } from '@overpost/auth/testing'

/** How deep the tree of a block of some thousand transactions is. */
const TREE_HEIGHT = 12
const DAY_MS = 86_400_000

/**
 * One honest overlay node and a block headers service, as a process of its own, so that its time is not the host's. Each user has two
 * homes, each token in a transaction and a block of its own. Prints `{url, users}` and serves until its input closes.
 */
async function main(): Promise<void> {
  const random = new SeededRandom(11)
  const hex = (bytes: number) => bytesToHex(Uint8Array.from(random.bytes(bytes)))
  const hosts = [1, 2].map(() => new IdentityWallet(hex(32)))
  const roots = new Map<number, string>()
  const answers = new Map<string, Uint8Array>()
  for (let count = Number(process.argv[2]); count > 0; count--) {
    const user = new IdentityWallet(hex(32))
    const beef = new Beef()
    const txids = []
    for (const [index, host] of hosts.entries()) {
      const script = await tokenScript(user, host, `https://host${index}.example`)
      const transaction = new Transaction()
      const unlockingScript = new UnlockingScript(UnlockingScript.fromHex('51').chunks)
      transaction.addInput({ sourceTXID: hex(32), sourceOutputIndex: 0, unlockingScript })
      transaction.addOutput({ satoshis: 1, lockingScript: lockingScript(script) })
      transaction.addOutput({ satoshis: 5_000, lockingScript: lockingScript(`76a914${hex(20)}88ac`) })
      const height = 800_000 + roots.size
      const txid = transaction.id('hex')
      transaction.merklePath = new MerklePath(height, pathOf(txid, hex))
      roots.set(height, transaction.merklePath.computeRoot(txid))
      beef.mergeBeef(transaction.toBEEF())
      txids.push(txid)
    }
    const heads = txids.flatMap((txid) => [Buffer.from(txid, 'hex'), Uint8Array.of(0, 0)])
    answers.set(user.identityKey, Buffer.concat([Uint8Array.of(txids.length), ...heads, beef.toUint8Array()]))
  }

  const nothing = Buffer.concat([Uint8Array.of(0), new Beef().toUint8Array()])
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const text = Buffer.concat(chunks).toString()
      if (request.url === '/lookup') {
        const { query } = JSON.parse(text) as { query: { recipient?: string } }
        response.setHeader('content-type', 'application/octet-stream')
        response.end(answers.get(query.recipient ?? '') ?? nothing)
        return
      }
      response.setHeader('content-type', 'application/json')
      if (request.url === '/api/v1/chain/tip/longest') {
        response.end(JSON.stringify({ height: 1_000_000 }))
        return
      }
      const [asked] = JSON.parse(text) as { blockHeight: number; merkleRoot: string }[]
      const isRight = asked !== undefined && roots.get(asked.blockHeight) === asked.merkleRoot
      response.end(JSON.stringify({ confirmationState: isRight ? 'CONFIRMED' : 'INVALID' }))
    })
  })
  server.listen(0, '127.0.0.1', () => {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
    process.stdout.write(`${JSON.stringify({ url, users: [...answers.keys()] })}\n`)
  })
  process.stdin.on('end', () => process.exit()).resume()
}

async function tokenScript(user: IdentityWallet, host: IdentityWallet, origin: string): Promise<string> {
  const issuedAtMs = Date.now() - 1_000
  const authorization = await signAuthorization(user, {
    ...{ userKey: user.identityKey, hostKey: host.identityKey, origin: origin, pattern: null },
    dates: { issuedAtMs, expiresAtMs: issuedAtMs + 90 * DAY_MS },
  })
  return bytesToHex(await createPhipTokenScript(host, authorization))
}

function lockingScript(hex: string): LockingScript {
  return new LockingScript(LockingScript.fromHex(hex).chunks)
}

function pathOf(txid: string, hex: (bytes: number) => string) {
  return Array.from({ length: TREE_HEIGHT }, (_, row) => {
    const sibling = { offset: row === 0 ? 1_235 : (1_234 >> row) ^ 1, hash: hex(32) }
    return row === 0 ? [{ offset: 1_234, hash: txid, txid: true }, sibling] : [sibling]
  })
}

await main()
