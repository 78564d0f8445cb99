import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

import type { PrivateKey } from '@bsv/sdk'
import { P2PKH, Transaction } from '@bsv/sdk'
import { expect } from 'chai'

import type { LocalChain } from './local-chain.ts'

/** Posts JSON to the chain; fails the test unless the answer is a success. */
export async function post(chain: LocalChain, path: string, body: object = {}): Promise<Record<string, unknown>> {
  const answer = await fetch(chain.url + path, { method: 'POST', body: JSON.stringify(body) })
  const json = (await answer.json()) as Record<string, unknown>
  expect(answer.status, JSON.stringify(json)).to.equal(200)
  return json
}

export async function get(chain: LocalChain, path: string): Promise<Record<string, unknown>> {
  return (await (await fetch(chain.url + path)).json()) as Record<string, unknown>
}

/** A coin of 100,000 satoshis that `key` can spend, with its ancestors. */
export async function coinFor(chain: LocalChain, key: PrivateKey): Promise<Transaction> {
  const lockingScript = new P2PKH().lock(key.toAddress()).toHex()
  const { beef } = await post(chain, '/faucet', { lockingScript, satoshis: 100_000 })
  return Transaction.fromAtomicBEEF([...Buffer.from(String(beef), 'hex')])
}

/** Spends output 0 of `coin` to `key` itself, `amount` satoshis, which makes the transactions of two amounts differ. */
export async function spendCoin(coin: Transaction, key: PrivateKey, amount = 99_000): Promise<Transaction> {
  const p2pkh = new P2PKH()
  const transaction = new Transaction()
  transaction.addInput({ sourceTransaction: coin, sourceOutputIndex: 0, unlockingScriptTemplate: p2pkh.unlock(key) })
  transaction.addOutput({ lockingScript: p2pkh.lock(key.toAddress()), satoshis: amount })
  await transaction.sign()
  return transaction
}

export interface CallbackListener extends AsyncDisposable {
  readonly url: string
  /** Answers 503 so many times before it takes one. */
  refuse(times: number): void
  /** The oldest callback that was not looked at yet. */
  next(): Promise<{ authorization: string | undefined; body: Record<string, unknown> }>
}

/** What a client of ARC runs to get its callbacks. */
export async function listenForCallbacks(): Promise<CallbackListener> {
  type Callback = Awaited<ReturnType<CallbackListener['next']>>
  const arrived: Callback[] = []
  const waiting: ((callback: Callback) => void)[] = []
  let refusals = 0
  const server = createServer((request, response) => {
    void readAll(request).then((text) => {
      const isRefused = refusals-- > 0
      response.writeHead(isRefused ? 503 : 200).end()
      if (isRefused) return
      const callback = {
        authorization: request.headers.authorization,
        body: JSON.parse(text) as Record<string, unknown>,
      }
      const waiter = waiting.shift()
      if (waiter === undefined) arrived.push(callback)
      else waiter(callback)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ingest`,
    refuse: (times) => (refusals = times),
    next: () => {
      const callback = arrived.shift()
      return callback === undefined ? new Promise((resolve) => waiting.push(resolve)) : Promise.resolve(callback)
    },
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function readAll(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
