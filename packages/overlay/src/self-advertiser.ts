import { Beef, type WalletInterface } from '@bsv/sdk'
import {
  createDiscoveryTokenScript,
  verifyDiscoveryToken,
  type HostOrigin,
  type IdentityKey,
  type SignatureVerifier,
  type TokenSigner,
} from '@overpost/protocol'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Logger } from 'pino'
import type { OverlayPeer } from './overlay-peer.ts'

/** One thing that a node says of itself: it takes a topic (SHIP), or answers a lookup service (SLAP). */
export interface Advert {
  readonly kind: 'SHIP' | 'SLAP'
  readonly name: string
}

export interface SelfAdvertiserParts {
  /** Signs the tokens: the node's identity. */
  readonly signer: TokenSigner
  readonly identityKey: IdentityKey
  /** Pays for them and keeps them, in the basket `overlay adverts`. */
  readonly wallet: Pick<WalletInterface, 'listOutputs' | 'createAction'>
  readonly verifier: SignatureVerifier
  readonly origin: HostOrigin
  readonly adverts: readonly Advert[]
  /** This node first, then others. */
  readonly nodes: readonly OverlayPeer[]
  readonly recheckMs: number
  readonly log: Logger
}

const basket = 'overlay adverts'
const maxTokens = 1_000
const firstRetryMs = 1_000
const lastRetryMs = 60_000

interface OwnToken extends Advert {
  readonly txid: string
  readonly outputIndex: number
}

/**
 * Keeps the node's SHIP and SLAP tokens on chain and known to the nodes. It reads the world afresh each round and does what is missing, so
 * a crash at any moment needs no special case: what is missing is judged by the wallet's own basket, never by what a node
 * answers, whose silence only means that the same tokens are submitted again.
 */
export class SelfAdvertiser {
  readonly #parts: SelfAdvertiserParts
  readonly #stop = new AbortController()
  #rounds: Promise<void> = Promise.resolve()
  #lastSuccess = false

  constructor(parts: SelfAdvertiserParts) {
    this.#parts = parts
  }

  /** Whether the last round found, or made, everything as it should be. */
  get isUpToDate(): boolean {
    return this.#lastSuccess
  }

  /** Starts the rounds, which go on. Resolves when the first of the nodes has the tokens and the others were tried, or after `patienceMs`. */
  async start(patienceMs: number): Promise<void> {
    const patience = new AbortController()
    const first = new Promise<void>((resolve) => {
      this.#rounds = this.#run(resolve)
    })
    await Promise.race([first, sleep(patienceMs, undefined, { signal: patience.signal }).catch(() => undefined)])
    patience.abort()
  }

  /** One round; `knownAtFirst`: told at its end when the first node has the tokens. @throws {Error} when the wallet or a node cannot be reached or refuses */
  async round(knownAtFirst: () => void = () => undefined): Promise<void> {
    const { adverts, nodes, log } = this.#parts
    let own = await this.#ownTokens()
    const missing = adverts.filter((advert) => !own.tokens.some((token) => isSame(token, advert)))
    if (missing.length > 0) {
      const txid = await this.#mint(missing)
      log.info({ txid, count: missing.length }, 'adverts minted')
      own = await this.#ownTokens()
    }
    const failures: unknown[] = []
    const told = new Set<OverlayPeer>()
    for (const node of nodes) {
      await this.#inform(node, own).then(
        () => told.add(node),
        (error: unknown) => failures.push(error),
      )
    }
    const [first] = nodes
    if (first !== undefined && told.has(first)) knownAtFirst()
    if (failures.length > 0)
      throw new AggregateError(failures, `${failures.length} of ${nodes.length} nodes do not have the adverts`)
  }

  async stop(): Promise<void> {
    this.#stop.abort()
    await this.#rounds
  }

  async #run(knownAtFirst: () => void): Promise<void> {
    const { recheckMs, log } = this.#parts
    const { signal } = this.#stop
    let retryMs = firstRetryMs
    while (!signal.aborted) {
      try {
        await this.round(knownAtFirst)
        this.#lastSuccess = true
        retryMs = firstRetryMs
        await sleep(recheckMs, undefined, { signal }).catch(() => undefined)
      } catch (error) {
        this.#lastSuccess = false
        log.warn({ err: error, retryMs }, 'advertising failed')
        await sleep(retryMs, undefined, { signal }).catch(() => undefined)
        retryMs = Math.min(retryMs * 2, lastRetryMs)
      }
    }
  }

  /** The tokens of this node, address and identity in the wallet's basket, with a BEEF of all of them. */
  async #ownTokens(): Promise<{ tokens: OwnToken[]; beef: Beef }> {
    const { wallet, verifier, identityKey, origin } = this.#parts
    const { outputs, BEEF } = await wallet.listOutputs({ basket, include: 'entire transactions', limit: maxTokens })
    const beef = BEEF === undefined ? new Beef() : Beef.fromBinary(BEEF)
    const tokens = outputs.flatMap(({ outpoint, spendable }): OwnToken[] => {
      const [txid = '', index = ''] = outpoint.split('.')
      const outputIndex = Number(index)
      const script = beef.findTxid(txid)?.tx?.outputs[outputIndex]?.lockingScript
      if (!spendable || script === undefined) return []
      const verified = verifyDiscoveryToken(Uint8Array.from(script.toBinary()), { verifier, allowHttp: true })
      if (!('token' in verified)) return []
      const { token } = verified
      if (token.identityKey !== identityKey || token.origin !== origin) return []
      return [{ kind: token.kind, name: token.name, txid, outputIndex }]
    })
    return { tokens, beef }
  }

  /** All in one transaction, which the wallet broadcasts. */
  async #mint(missing: readonly Advert[]): Promise<string> {
    const { signer, identityKey, origin, wallet } = this.#parts
    const outputs = await Promise.all(
      missing.map(async ({ kind, name }) => {
        const script = await createDiscoveryTokenScript(signer, { kind, name, identityKey, origin })
        const lockingScript = Buffer.from(script).toString('hex')
        return { lockingScript, satoshis: 1, outputDescription: `${kind} advert of ${name}`, basket }
      }),
    )
    const { txid } = await wallet.createAction({
      description: 'advertise overlay services',
      outputs,
      options: { randomizeOutputs: false, acceptDelayedBroadcast: false },
    })
    if (txid === undefined) throw new Error('the wallet made no transaction')
    return txid
  }

  /** Submits to a node each of our transactions of which it lacks a token. */
  async #inform(node: OverlayPeer, { tokens, beef }: { tokens: readonly OwnToken[]; beef: Beef }): Promise<void> {
    const { identityKey, origin, log } = this.#parts
    const known = new Set(await node.knownAdverts(identityKey, origin))
    // What says the same is answered once, so a copy counts as known when its like is.
    const lacking = tokens.filter(
      (token) => !tokens.some((like) => isSame(like, token) && known.has(`${like.txid}.${like.outputIndex}`)),
    )
    for (const txid of new Set(lacking.map((token) => token.txid))) {
      await node.submit(beef.toBinaryAtomic(txid), ['tm_ship', 'tm_slap'])
      log.info({ txid, node: node.url }, 'adverts submitted')
    }
  }
}

function isSame(a: Advert, b: Advert): boolean {
  return a.kind === b.kind && a.name === b.name
}
