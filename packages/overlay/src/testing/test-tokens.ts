import { PushDrop, Transaction, type WalletInterface } from '@bsv/sdk'
import { IdentityWallet } from '@overpost/auth'
import {
  createDiscoveryTokenScript,
  createMessageboxAdvertScript,
  createPhipTokenScript,
  createWithdrawalTokenScript,
  signAuthorization,
  signWithdrawal,
  walletKey,
  type AuthorizationDates,
  type HostOrigin,
} from '@overpost/protocol'
import { fundingLock, toScript, type TestCoin } from './test-chain.ts'

/** An identity by a byte: private key 22 x32 is `identity(0x22)`, as in the digests. */
export function identity(byte: number): IdentityWallet {
  return new IdentityWallet(byte.toString(16).padStart(2, '0').repeat(32))
}

export const host = identity(0x22)
export const user = identity(0x33)

/** The script of a token: `host` takes the messages of `user`. */
export async function phipScript(terms: PhipTerms = {}): Promise<Uint8Array> {
  const by = terms.host ?? host
  const of = terms.user ?? user
  const authorization = await signAuthorization(of, {
    userKey: of.identityKey,
    hostKey: by.identityKey,
    origin: terms.origin ?? 'https://relay.example',
    pattern: terms.pattern ?? null,
    dates: terms.dates ?? null,
  })
  return createPhipTokenScript(by, authorization)
}

export interface PhipTerms {
  readonly host?: IdentityWallet
  readonly user?: IdentityWallet
  readonly origin?: string
  readonly pattern?: string
  readonly dates?: AuthorizationDates
}

export function discoveryScript(
  kind: 'SHIP' | 'SLAP',
  name: string,
  { by = host, origin = 'https://node.example' }: { by?: IdentityWallet; origin?: string } = {},
): Promise<Uint8Array> {
  return createDiscoveryTokenScript(by, { kind, name, identityKey: by.identityKey, origin: origin as HostOrigin })
}

/** The script of a withdrawal: `of` takes back what they gave to `from`; `publisher` says so on chain. */
export async function withdrawalScript({
  of = user,
  from = host,
  atMs,
  publisher = identity(0x44),
}: {
  of?: IdentityWallet
  from?: IdentityWallet | 'ALL'
  atMs: number
  publisher?: IdentityWallet
}): Promise<Uint8Array> {
  const hostKey = from === 'ALL' ? from : from.identityKey
  return createWithdrawalTokenScript(publisher, await signWithdrawal(of, { userKey: of.identityKey, hostKey, atMs }))
}

/** The script of `of`'s message box advert. */
export function messageboxScript(url: string, of = user): Promise<Uint8Array> {
  return createMessageboxAdvertScript(of, { userKey: of.identityKey, host: url })
}

/** Spends a token (of PHIP, or of another protocol) with its host's key. */
export function spendToken(
  coin: TestCoin,
  by = host,
  protocol = 'peerserv host interconnect',
  scripts: readonly Uint8Array[] = [],
): Promise<Transaction> {
  return spendTokens([coin], { by, protocol: [2, protocol], scripts })
}

/** Spends message box adverts of `by`, and makes new ones, as the official client does. */
export function spendMessageboxAdverts(
  coins: readonly TestCoin[],
  scripts: readonly Uint8Array[] = [],
  by = user,
): Promise<Transaction> {
  return spendTokens(coins, { by, protocol: [1, 'messagebox advertisement'], scripts })
}

async function spendTokens(
  coins: readonly TestCoin[],
  { by, protocol, scripts }: { by: IdentityWallet; protocol: [1 | 2, string]; scripts: readonly Uint8Array[] },
): Promise<Transaction> {
  const { protocolID, keyID } = walletKey({ protocolID: protocol, keyID: '1' })
  const outputs = scripts.map((script) => ({ satoshis: 1, lockingScript: toScript(script) }))
  if (scripts.length === 0) outputs.push({ satoshis: coins.length, lockingScript: fundingLock() })
  const transaction = new Transaction(1, [], outputs, 0)
  for (const { transaction: sourceTransaction, outputIndex: sourceOutputIndex } of coins) {
    const unlockingScriptTemplate = new PushDrop(by as unknown as WalletInterface).unlock(protocolID, keyID, 'anyone')
    transaction.addInput({ sourceTransaction, sourceOutputIndex, unlockingScriptTemplate, sequence: 0xffffffff })
  }
  await transaction.sign()
  return transaction
}
