import { setTimeout as sleep } from 'node:timers/promises'
import { randomBytes } from 'node:crypto'
import { IdentityWallet, nativeSignatureVerifier, nodeTransport } from '@overpost/auth'
import { MessageBoxClient } from '@overpost/client'
import { BOX } from '../send-body.ts'

const PATIENCE_MS = 60_000

/** Users whose home is one host, and what has come for them. */
export class Recipients {
  readonly #readers: { readonly client: MessageBoxClient; cursor: string | undefined }[]
  readonly identityKeys: readonly string[]
  readonly #overlayUrl: string
  #seen = 0

  constructor(hostUrl: string, overlayUrl: string, count: number) {
    const wallets = Array.from({ length: count }, () => newWallet())
    const [transport, verifier] = [nodeTransport(), nativeSignatureVerifier()]
    this.#overlayUrl = overlayUrl
    this.identityKeys = wallets.map(({ identityKey }) => identityKey)
    this.#readers = wallets.map((wallet) => ({
      client: new MessageBoxClient({ wallet, host: hostUrl, transport, verifier }),
      cursor: undefined,
    }))
  }

  /** Authorises the host for all of them, and waits until the overlay shows it. */
  async settle(): Promise<void> {
    for (const { client } of this.#readers) await client.authorizeRouting()
    for (const user of this.identityKeys) await until(`an advert for ${user}`, () => this.#isAdvertised(user))
  }

  /** How many messages they have been shown so far, the new ones included. Each page is read once. */
  async arrived(): Promise<number> {
    for (const reader of this.#readers) {
      for (let more = true; more;) {
        const { cursor } = reader
        const page = await reader.client.list({ box: BOX, limit: 1000, ...(cursor === undefined ? {} : { cursor }) })
        this.#seen += page.messages.length
        reader.cursor = page.cursor ?? cursor
        more = page.more
      }
    }
    return this.#seen
  }

  /** Waits until `count` messages in all have come. */
  async waitFor(count: number): Promise<void> {
    await until(`${count} messages`, async () => (await this.arrived()) >= count)
  }

  async #isAdvertised(user: string): Promise<boolean> {
    const answer = await fetch(`${this.#overlayUrl}/lookup`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ service: 'ls_phip', query: { user } }),
    })
    const { outputs } = (await answer.json()) as { outputs?: unknown[] }
    return outputs !== undefined && outputs.length > 0
  }
}

export function newWallet(): IdentityWallet {
  return new IdentityWallet(randomBytes(32).toString('hex'))
}

async function until(what: string, isSo: () => Promise<boolean>): Promise<void> {
  const giveUpAt = performance.now() + PATIENCE_MS
  while (!(await isSo())) {
    if (performance.now() > giveUpAt) throw new Error(`Waited ${PATIENCE_MS / 1000} s for ${what} in vain`)
    await sleep(250)
  }
}
