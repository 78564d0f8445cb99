import { decodeWithdrawalToken, lookupPhip, topicPhip, type IdentityKey, type Withdrawal } from '@overpost/protocol'
import { readBeef } from './beef-proofs.ts'
import { cappedFetch, type CappedRequest } from './capped-fetch.ts'
import { reasonOf } from './connection-fault.ts'
import { parseLookupAnswer } from './lookup-answer.ts'

/** A token that a transaction of ours creates or spends. */
export interface NamedToken {
  readonly userKey: IdentityKey
  /** `<txid>.<vout>` */
  readonly outpoint: string
  /** What it carries, if that is a withdrawal: nodes show only the latest for each host, whoever published it. */
  readonly withdrawal?: Pick<Withdrawal, 'hostKey' | 'atMs'>
}

/** A transaction of ours that overlay nodes are to know. */
export interface Announcement {
  readonly txid: string
  /** BEEF whose last transaction it is. */
  readonly beef: Uint8Array
  /** One of the tokens that it creates, and one that it spends: what shows that a node has the transaction. */
  readonly created: NamedToken | null
  readonly spent: NamedToken | null
  /** Made before this process began: nodes most likely know it, so they are asked before it is sent. */
  readonly isOld: boolean
}

export interface OverlayNodesOptions {
  readonly urls: readonly string[]
  readonly timeoutMs: number
  /** Told of each call that failed. */
  readonly failed: (event: { url: string; reason: string }) => void
  /** Default: Node's own. */
  readonly fetch?: typeof fetch
}

/** By what, and until when, a node is called. */
type Way = Pick<CappedRequest, 'signal' | 'fetch'>

interface Pending extends Announcement {
  readonly open: Set<string>
}

const maxAnswerBytes = 2 * 1024 * 1024
const mostOutputs = 256

/** The transactions of ours that some overlay node has not confirmed yet, in the order in which they were made. */
export class AdvertAnnouncements {
  readonly #urls: readonly string[]
  readonly #timeoutMs: number
  readonly #failed: OverlayNodesOptions['failed']
  readonly #fetch: typeof fetch | undefined
  readonly #pending = new Map<string, Pending>()

  constructor({ urls, timeoutMs, failed, fetch }: OverlayNodesOptions) {
    this.#urls = urls
    this.#timeoutMs = timeoutMs
    this.#failed = failed
    this.#fetch = fetch
  }

  /** Takes a transaction up, once: the same one again changes its BEEF, which may hold a proof by now. */
  add(announcement: Announcement): void {
    const { txid, beef } = announcement
    const pending = this.#pending.get(txid)
    if (pending !== undefined) this.#pending.set(txid, { ...pending, beef })
    else if (this.#urls.length > 0) this.#pending.set(txid, { ...announcement, open: new Set(this.#urls) })
  }

  isOpen(txid: string): boolean {
    return this.#pending.has(txid)
  }

  /**
   * Sends what is open to each node, in order, all nodes at once. A node has a transaction when it says that it changed
   * something, or when a lookup there shows the token created, and no longer shows the one spent.
   * Resolves to the (transaction, node) pairs still open. Never rejects.
   */
  async announce(signal: AbortSignal): Promise<number> {
    await Promise.all(this.#urls.map((url) => this.#announceTo(url, signal)))
    let open = 0
    for (const { txid, open: nodes } of this.#pending.values()) {
      if (nodes.size === 0) this.#pending.delete(txid)
      else open += nodes.size
    }
    return open
  }

  async #announceTo(url: string, signal: AbortSignal): Promise<void> {
    const isStopped = (): boolean => signal.aborted
    let faults = 0
    for (const pending of this.#pending.values()) {
      // A node that does not answer is left for the next round.
      if (isStopped() || faults >= 3) return
      if (!pending.open.has(url)) continue
      try {
        const call = AbortSignal.any([signal, AbortSignal.timeout(this.#timeoutMs)])
        if (await this.#isKnownAfterAll(url, pending, call)) pending.open.delete(url)
      } catch (error) {
        faults += 1
        if (!isStopped()) this.#failed({ url, reason: reasonOf(error) })
      }
    }
  }

  async #isKnownAfterAll(url: string, pending: Pending, signal: AbortSignal): Promise<boolean> {
    const way = { signal, fetch: this.#fetch }
    if (pending.isOld && (await isKnown(url, pending, way))) return true
    const isChanged = await submit(url, pending.beef, way)
    // A spend that came before what it spends is no news to the node, and must come again after it.
    if (pending.spent !== null && this.#pending.get(txidOf(pending.spent))?.open.has(url) === true) return false
    return isChanged || (await isKnown(url, pending, way))
  }
}

/** Whether the node changed something. @throws {Error} when it does not take the transaction */
async function submit(url: string, beef: Uint8Array, way: Way): Promise<boolean> {
  const answer = await cappedFetch(`${url}/submit`, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream', 'x-topics': JSON.stringify([topicPhip]) },
    body: beef,
    ...way,
    maxAnswerBytes,
  })
  if (answer.status !== 200) throw new Error(`status ${answer.status}`)
  const steak = JSON.parse(new TextDecoder().decode(answer.body)) as Record<string, Record<string, unknown> | undefined>
  return Object.values(steak[topicPhip] ?? {}).some((list) => Array.isArray(list) && list.length > 0)
}

async function isKnown(url: string, { created, spent }: Announcement, way: Way): Promise<boolean> {
  if (created !== null) {
    const { tokens, withdrawals } = await shownTokens(url, created.userKey, way)
    const { outpoint, withdrawal } = created
    const isReplaced = withdrawals.some(
      ({ hostKey, atMs }) => withdrawal !== undefined && hostKey === withdrawal.hostKey && atMs >= withdrawal.atMs,
    )
    if (!tokens.has(outpoint) && !isReplaced) return false
  }
  if (spent === null) return true
  return (await shownTokens(url, spent.userKey, way)).tokens.get(spent.outpoint) !== 'live'
}

/** What a node shows of a user: tokens by their outpoints, and what the withdrawals among them say. */
interface Shown {
  readonly tokens: Map<string, 'live' | 'spent'>
  readonly withdrawals: Withdrawal[]
}

async function shownTokens(url: string, user: IdentityKey, way: Way): Promise<Shown> {
  const answer = await cappedFetch(`${url}/lookup`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'x-aggregation': 'yes' },
    body: JSON.stringify({ service: lookupPhip, query: { recipient: user, includeSpent: true, limit: 100 } }),
    ...way,
    maxAnswerBytes,
  })
  if (answer.status !== 200) throw new Error(`status ${answer.status}`)
  const shown: Shown = { tokens: new Map(), withdrawals: [] }
  for (const { txid, outputIndex, beef, context } of parseLookupAnswer(answer.contentType, answer.body, mostOutputs)) {
    const known = readBeef(beef)
    const subject = txid ?? known?.subject.txid ?? ''
    shown.tokens.set(`${subject}.${outputIndex}`, context === null ? 'live' : 'spent')
    const script = known?.transactions.get(subject)?.lockingScripts[outputIndex]
    const withdrawal = script === undefined ? null : decodeWithdrawalToken(script)
    if (withdrawal?.userKey === user) shown.withdrawals.push(withdrawal)
  }
  return shown
}

function txidOf({ outpoint }: NamedToken): string {
  return outpoint.slice(0, 64)
}
