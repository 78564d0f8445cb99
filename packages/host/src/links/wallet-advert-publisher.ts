import {
  Beef,
  HTTPWalletJSON,
  LockingScript,
  PushDrop,
  Transaction,
  type AtomicBEEF,
  type CreateActionInput,
  type CreateActionOutput,
  type SignableTransaction,
  type SignActionResult,
  type WalletInterface,
  type WalletOutput,
} from '@bsv/sdk'
import {
  bytesToHex,
  createPhipTokenScript,
  createWithdrawalTokenScript,
  decodePhipToken,
  decodeWithdrawalToken,
  encodePushDrop,
  hexToBytes,
  phipAuthorization,
  phipTokenKey,
  walletKey,
  type IdentityKey,
  type Outpoint,
  type TokenSigner,
} from '@overpost/protocol'
import type { AdvertPublisher, OwnToken, Statement } from '@overpost/core'
import type { AdvertAnnouncements, NamedToken } from './advert-announcements.ts'

/** The calls of a BRC-100 wallet that minting needs. */
export type AdvertWallet = Pick<WalletInterface, 'createAction' | 'signAction' | 'abortAction' | 'listOutputs'>

export interface WalletAdvertPublisherDeps {
  /** The operator's wallet, which pays; each call ends when `signal` aborts. */
  readonly openWallet: (signal: AbortSignal) => AdvertWallet
  /** This host's identity, which locks and signs the tokens. */
  readonly signer: TokenSigner & { readonly identityKey: IdentityKey }
  readonly announcements: AdvertAnnouncements
}

const advertBasket = 'overpost phip adverts'
/** One output for each transaction that spends tokens: a wallet gives a transaction out again only by what is unspent of it. */
const spendBasket = 'overpost phip spends'
const tokenSatoshis = 1
/** A signature with its hash type, and the push: the longest there is. */
const unlockingBytes = 74
const pageOutputs = 500
const openRoundsBeforeProof = 4
const mostFeePerByte = 0.5

/** A token, or the marker of a spend, as the wallet holds it. */
interface HeldOutput {
  readonly outpoint: string
  readonly script: string
  readonly note: string | null
}

/**
 * Mints and spends our tokens with the money of a BRC-100 wallet. The wallet's baskets are the only memory: after a restart
 * they give back the tokens, and every transaction that overlay nodes may still not know.
 */
export class WalletAdvertPublisher implements AdvertPublisher {
  readonly #deps: WalletAdvertPublisherDeps
  #isLoaded = false
  /** Announcements in a row after which some node still did not know. */
  #openRounds = 0

  constructor(deps: WalletAdvertPublisherDeps) {
    this.#deps = deps
  }

  async list(signal: AbortSignal): Promise<OwnToken[]> {
    const wallet = this.#deps.openWallet(signal)
    if (!this.#isLoaded) {
      await this.#takeUpOld(wallet)
      this.#isLoaded = true
    }
    const tokens: OwnToken[] = []
    for await (const { outputs } of pages(wallet, advertBasket, 'locking scripts')) {
      for (const output of outputs) {
        const token = this.#tokenOf(output)
        if (token !== null) tokens.push(token)
      }
    }
    return tokens
  }

  async publish(
    { create, spend }: { create: readonly Statement[]; spend: readonly OwnToken[] },
    afford: (satoshis: number) => Promise<boolean>,
    signal: AbortSignal,
  ): Promise<string | null> {
    const wallet = this.#deps.openWallet(signal)
    const { inputs, inputBeef } = await this.#inputs(wallet, spend)
    const outputs = await this.#outputs(create, spend)
    const made = await wallet.createAction({
      description: 'Overpost: adverts of hosted users',
      ...(inputs.length === 0 ? {} : { inputBEEF: inputBeef, inputs: inputs.map(toActionInput) }),
      outputs,
      labels: [advertBasket],
      // Not signed yet: what it costs is known first.
      options: { randomizeOutputs: false, acceptDelayedBroadcast: false, signAndProcess: false },
    })
    const { signableTransaction } = made
    if (signableTransaction === undefined) throw new Error('the wallet signed before it was asked to')
    const signed = await this.#sign(wallet, signableTransaction, inputs, afford)
    if (signed === null) return null
    const { txid, tx } = signed
    if (txid === undefined) throw new Error('the wallet named no transaction')
    // Without the bytes, the next round reads them from the baskets.
    if (tx === undefined) this.#isLoaded = false
    else this.#announce(txid, tx, create, spend)
    return txid
  }

  async announce(signal: AbortSignal): Promise<number> {
    const open = await this.#deps.announcements.announce(signal)
    this.#openRounds = open === 0 ? 0 : this.#openRounds + 1
    // By then it may be mined, and nodes that refused it as too dear to check take it with its proof.
    if (this.#openRounds % openRoundsBeforeProof === openRoundsBeforeProof - 1) this.#isLoaded = false
    return open
  }

  #announce(txid: string, tx: AtomicBEEF, create: readonly Statement[], spend: readonly OwnToken[]): void {
    const [firstCreated] = create
    const [firstSpent] = spend
    this.#deps.announcements.add({
      txid,
      beef: Uint8Array.from(Transaction.fromAtomicBEEF(tx).toBEEF()),
      created: firstCreated === undefined ? null : namedToken(`${txid}.0`, firstCreated),
      spent: firstSpent === undefined ? null : { userKey: firstSpent.userKey, outpoint: firstSpent.outpoint },
      isOld: false,
    })
  }

  /** The transactions that earlier runs made, by what is left of them in the baskets. */
  async #takeUpOld(wallet: AdvertWallet): Promise<void> {
    const found = new Map<string, { beef: Beef; created: NamedToken | null; spent: NamedToken | null }>()
    const entryOf = (txid: string, beef: Beef) => {
      const entry = found.get(txid) ?? { beef, created: null, spent: null }
      found.set(txid, entry)
      return entry
    }
    for await (const { outputs, beef } of pages(wallet, advertBasket, 'entire transactions')) {
      for (const output of outputs) {
        const token = this.#tokenOf(output)
        if (token !== null) entryOf(txidOf(output), beef).created ??= namedToken(token.outpoint, token.statement)
      }
    }
    for await (const { outputs, beef } of pages(wallet, spendBasket, 'entire transactions')) {
      for (const output of outputs) entryOf(txidOf(output), beef).spent = readNote(output.note)
    }
    for (const [txid, { beef, created, spent }] of found) {
      const transaction = beef.findAtomicTransaction(txid)
      if (transaction === undefined) continue
      const bytes = Uint8Array.from(transaction.toBEEF())
      this.#deps.announcements.add({ txid, beef: bytes, created, spent, isOld: true })
    }
  }

  #tokenOf({ outpoint, script }: HeldOutput): OwnToken | null {
    const bytes = hexToBytes(script) ?? new Uint8Array()
    const statement = this.#authorizationIn(bytes) ?? this.#withdrawalIn(bytes)
    return statement === null ? null : { outpoint: outpoint as Outpoint, userKey: userOf(statement), statement }
  }

  #authorizationIn(script: Uint8Array): Statement | null {
    const token = decodePhipToken(script)
    if (token?.hostKey !== this.#deps.signer.identityKey) return null
    return { kind: 'authorization', authorization: phipAuthorization(token) }
  }

  #withdrawalIn(script: Uint8Array): Statement | null {
    const token = decodeWithdrawalToken(script)
    if (token?.publisherKey !== this.#deps.signer.identityKey) return null
    const { userKey, hostKey, atMs, userSignature: signature } = token
    return { kind: 'withdrawal', withdrawal: { userKey, hostKey, atMs, signature } }
  }

  /** The tokens to spend, and markers of spends that every node knows, which have served. */
  async #inputs(
    wallet: AdvertWallet,
    spend: readonly OwnToken[],
  ): Promise<{ inputs: HeldOutput[]; inputBeef: number[] }> {
    const wanted = new Set<string>(spend.map(({ outpoint }) => outpoint))
    const inputs: HeldOutput[] = []
    const inputBeef = new Beef()
    if (wanted.size > 0) {
      const tags = spend.map(({ userKey }) => userTag(userKey))
      for await (const { outputs, beef } of pages(wallet, advertBasket, 'entire transactions', tags)) {
        const mine = outputs.filter(({ outpoint }) => wanted.has(outpoint))
        inputs.push(...mine)
        if (mine.length > 0) inputBeef.mergeBeef(beef)
      }
      if (inputs.length < wanted.size) throw new Error('the wallet no longer holds a token that was to be spent')
    }
    for await (const { outputs, beef } of pages(wallet, spendBasket, 'entire transactions')) {
      const served = outputs.filter((output) => !this.#deps.announcements.isOpen(txidOf(output)))
      inputs.push(...served)
      if (served.length > 0) inputBeef.mergeBeef(beef)
    }
    return { inputs, inputBeef: inputBeef.toBinary() }
  }

  async #outputs(create: readonly Statement[], spend: readonly OwnToken[]): Promise<CreateActionOutput[]> {
    const { signer } = this.#deps
    const outputs = await Promise.all(
      create.map(async (statement) => ({
        lockingScript: bytesToHex(await scriptOf(statement, signer)),
        satoshis: tokenSatoshis,
        outputDescription: 'Advert of a hosted user',
        basket: advertBasket,
        tags: [userTag(userOf(statement))],
      })),
    )
    const [first] = spend
    if (first === undefined) return outputs
    const { publicKey } = await signer.getPublicKey({
      ...walletKey(phipTokenKey),
      counterparty: 'anyone',
      forSelf: true,
    })
    const marker = {
      lockingScript: bytesToHex(encodePushDrop(hexToBytes(publicKey) ?? new Uint8Array(), [])),
      satoshis: tokenSatoshis,
      outputDescription: 'Marks a spend of adverts',
      basket: spendBasket,
      customInstructions: JSON.stringify({ userKey: first.userKey, outpoint: first.outpoint } satisfies NamedToken),
    }
    return [...outputs, marker]
  }

  /** Null when it costs more than can be afforded. */
  async #sign(
    wallet: AdvertWallet,
    { tx, reference }: SignableTransaction,
    inputs: readonly HeldOutput[],
    afford: (satoshis: number) => Promise<boolean>,
  ): Promise<SignActionResult | null> {
    try {
      const transaction = Transaction.fromAtomicBEEF(tx)
      if (!(await afford(costOf(transaction, inputs.length)))) {
        await wallet.abortAction({ reference })
        return null
      }
      const spends: Record<number, { unlockingScript: string }> = {}
      for (const { outpoint, script } of inputs) {
        const index = transaction.inputs.findIndex(
          ({ sourceTXID, sourceTransaction, sourceOutputIndex }) =>
            `${sourceTXID ?? sourceTransaction?.id('hex') ?? ''}.${sourceOutputIndex}` === outpoint,
        )
        if (index < 0) throw new Error('the wallet left out a token that was to be spent')
        spends[index] = { unlockingScript: await this.#unlock(transaction, index, script) }
      }
      return await wallet.signAction({ reference, spends, options: { acceptDelayedBroadcast: false } })
    } catch (error) {
      // Gives the tokens free again; where that fails too, the wallet gives the action up by itself after a while.
      await wallet.abortAction({ reference }).catch(() => undefined)
      throw error
    }
  }

  async #unlock(transaction: Transaction, index: number, script: string): Promise<string> {
    const { protocolID, keyID } = walletKey(phipTokenKey)
    // Unlocking asks nothing of the wallet but `createSignature`.
    const template = new PushDrop(this.#deps.signer as unknown as WalletInterface)
    const unlocker = template.unlock(
      protocolID,
      keyID,
      'anyone',
      'all',
      false,
      tokenSatoshis,
      new LockingScript(LockingScript.fromHex(script).chunks),
    )
    return (await unlocker.sign(transaction, index)).toHex()
  }
}

/** The operator's wallet at `url`, over the SDK's JSON interface. Each call ends within `timeoutMs`. */
export function httpAdvertWallet({
  url,
  originator,
  timeoutMs,
  fetch: call = fetch,
}: {
  url: string
  originator: string
  timeoutMs: number
  fetch?: typeof fetch
}) {
  return (signal: AbortSignal): AdvertWallet =>
    new HTTPWalletJSON(originator, url, (address, init) =>
      call(address, { ...init, redirect: 'error', signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]) }),
    )
}

/**
 * What a transaction takes from the wallet: the fee, and a satoshi for each token that is in it afterwards and was not before. Where the
 * wallet does not show what its inputs hold, the most that miners ask is assumed.
 */
function costOf({ inputs, outputs }: Transaction, tokensSpent: number): number {
  const ours = outputs.filter(({ satoshis }) => satoshis === tokenSatoshis).length
  let fee = -outputs.reduce((sum, { satoshis = 0 }) => sum + satoshis, 0)
  for (const { sourceTransaction, sourceOutputIndex } of inputs) {
    const satoshis = sourceTransaction?.outputs[sourceOutputIndex]?.satoshis
    if (satoshis === undefined) return mostFeeFor(inputs.length, outputs) + ours
    fee += satoshis
  }
  return Math.max(0, fee + tokenSatoshis * (ours - tokensSpent))
}

function mostFeeFor(inputs: number, outputs: Transaction['outputs']): number {
  const bytes = outputs.reduce((sum, { lockingScript }) => sum + 20 + lockingScript.toBinary().length, inputs * 200)
  return Math.ceil(bytes * mostFeePerByte)
}

async function* pages(
  wallet: AdvertWallet,
  basket: string,
  include: 'locking scripts' | 'entire transactions',
  tags: string[] = [],
): AsyncGenerator<{ outputs: HeldOutput[]; beef: Beef }> {
  for (let offset = 0; ; offset += pageOutputs) {
    const page = await wallet.listOutputs({
      basket,
      include,
      includeCustomInstructions: true,
      limit: pageOutputs,
      offset,
      ...(tags.length === 0 ? {} : { tags, tagQueryMode: 'any' as const }),
    })
    const beef = page.BEEF === undefined ? new Beef() : Beef.fromBinary(page.BEEF)
    const outputs = page.outputs.flatMap((output) => held(output, beef))
    if (outputs.length > 0) yield { outputs, beef }
    if (page.outputs.length < pageOutputs) return
  }
}

/** With entire transactions, wallets leave the scripts out: they are in the BEEF. */
function held({ outpoint, lockingScript, customInstructions }: WalletOutput, beef: Beef): HeldOutput[] {
  const output = beef.findTxid(outpoint.slice(0, 64))?.tx?.outputs[Number(outpoint.slice(65))]
  const script = lockingScript ?? output?.lockingScript.toHex()
  return script === undefined ? [] : [{ outpoint, script, note: customInstructions ?? null }]
}

function toActionInput({ outpoint }: HeldOutput): CreateActionInput {
  return { outpoint, unlockingScriptLength: unlockingBytes, inputDescription: 'An advert that ends' }
}

function readNote(note: string | null): NamedToken | null {
  try {
    const { userKey, outpoint } = JSON.parse(note ?? '{}') as Partial<NamedToken>
    return userKey === undefined || outpoint === undefined ? null : { userKey, outpoint }
  } catch {
    return null
  }
}

function scriptOf(statement: Statement, signer: TokenSigner): Promise<Uint8Array> {
  return statement.kind === 'authorization'
    ? createPhipTokenScript(signer, statement.authorization)
    : createWithdrawalTokenScript(signer, statement.withdrawal)
}

function userOf(statement: Statement): IdentityKey {
  return statement.kind === 'authorization' ? statement.authorization.userKey : statement.withdrawal.userKey
}

function namedToken(outpoint: string, statement: Statement): NamedToken {
  const userKey = userOf(statement)
  return statement.kind === 'withdrawal'
    ? { userKey, outpoint, withdrawal: statement.withdrawal }
    : { userKey, outpoint }
}

function userTag(userKey: IdentityKey): string {
  return `user ${userKey}`
}

function txidOf({ outpoint }: HeldOutput): string {
  return outpoint.slice(0, 64)
}
