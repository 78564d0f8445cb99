import { PushDrop, Transaction, type WalletInterface } from '@bsv/sdk'
import { IdentityWallet } from '@overpost/auth'
import {
  createDiscoveryTokenScript,
  createPhipTokenScript,
  signAuthorization,
  walletKey,
  type AuthorizationDates,
  type HostOrigin,
} from '@overpost/protocol'
import { fundingLock, type TestCoin } from './test-chain.ts'

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

/** Spends a token (of PHIP, or of another protocol) with its host's key. */
export async function spendToken(
  { transaction: sourceTransaction, outputIndex }: TestCoin,
  by = host,
  protocol = 'peerserv host interconnect',
): Promise<Transaction> {
  const { protocolID, keyID } = walletKey({ protocolID: [2, protocol], keyID: '1' })
  const unlockingScriptTemplate = new PushDrop(by as unknown as WalletInterface).unlock(protocolID, keyID, 'anyone')
  const transaction = new Transaction(1, [], [{ satoshis: 1, lockingScript: fundingLock() }], 0)
  transaction.addInput({
    sourceTransaction,
    sourceOutputIndex: outputIndex,
    unlockingScriptTemplate,
    sequence: 0xffffffff,
  })
  await transaction.sign()
  return transaction
}
