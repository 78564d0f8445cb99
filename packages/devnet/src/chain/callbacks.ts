import { setTimeout as delay } from 'node:timers/promises'

/** News of a transaction, as ARC posts it. */
export interface CallbackBody {
  readonly timestamp: string
  readonly txid: string
  readonly txStatus: 'MINED' | 'MINED_IN_STALE_BLOCK' | 'REJECTED'
  readonly merklePath?: string
  readonly blockHash?: string
  readonly blockHeight?: number
  readonly extraInfo?: string
}

/** Where a client wants news of a transaction: the `X-CallbackUrl` and `X-CallbackToken` of its submission. */
export interface Subscriber {
  readonly url: string
  readonly token: string | null
}

const retryDelaysMs = [100, 500, 2000, 5000]
const attemptMs = 5000

/** Who wants news of which transaction, in memory; and the posting of it, at least once, in order per subscriber and transaction. */
export class Callbacks implements AsyncDisposable {
  readonly #subscribers = new Map<string, Map<string, Subscriber>>()
  readonly #posts = new Map<string, Promise<void>>()
  readonly #stop = new AbortController()

  /** The same subscriber twice counts once. */
  subscribe(txid: string, subscriber: Subscriber): void {
    const ofTxid = this.#subscribers.get(txid) ?? new Map<string, Subscriber>()
    ofTxid.set(subscriber.url, subscriber)
    this.#subscribers.set(txid, ofTxid)
  }

  isAwaited(txid: string): boolean {
    return this.#subscribers.has(txid)
  }

  /** Starts posting to all subscribers of the transaction, or to the given one; gives up on each after five attempts. */
  post(body: CallbackBody, only?: Subscriber): void {
    const subscribers = only === undefined ? [...(this.#subscribers.get(body.txid)?.values() ?? [])] : [only]
    for (const subscriber of subscribers) {
      const key = `${body.txid} ${subscriber.url}`
      const post = (this.#posts.get(key) ?? Promise.resolve()).then(() => this.#deliver(subscriber, body))
      this.#posts.set(key, post)
      void post.finally(() => {
        if (this.#posts.get(key) === post) this.#posts.delete(key)
      })
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    await Promise.all(this.#posts.values())
  }

  /** Never rejects. */
  async #deliver(subscriber: Subscriber, body: CallbackBody): Promise<void> {
    const { signal } = this.#stop
    for (const waitMs of [0, ...retryDelaysMs]) {
      try {
        if (waitMs > 0) await delay(waitMs, undefined, { signal })
        if (signal.aborted || (await postOnce(subscriber, body, signal))) return
      } catch {
        if (signal.aborted) return
      }
    }
  }
}

/** Whether the subscriber took it. */
async function postOnce({ url, token }: Subscriber, body: CallbackBody, stop: AbortSignal): Promise<boolean> {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...(token === null ? {} : { Authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
    signal: AbortSignal.any([stop, AbortSignal.timeout(attemptMs)]),
  })
  await answer.arrayBuffer()
  return answer.ok
}
