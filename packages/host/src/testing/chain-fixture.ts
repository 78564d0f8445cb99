import {
  LockingScript,
  MerklePath,
  PushDrop,
  Transaction,
  UnlockingScript,
  type ChainTracker,
  type WalletInterface,
} from '@bsv/sdk'
import type { IdentityWallet } from '@overpost/auth'
import {
  createPhipTokenScript,
  phipTokenKey,
  signAuthorization,
  walletKey,
  type AuthorizationDates,
  type HostOrigin,
  type KeyName,
} from '@overpost/protocol'

/** A chain of headers, as a tracker sees it, to which blocks of one transaction are added. */
export class ChainFixture implements ChainTracker {
  readonly roots = new Map<number, string>()
  /** Questions so far. */
  asked = 0
  isDown = false
  #height = 800_000

  /** Puts `transaction` into a block of its own, and gives it its proof. */
  mine(transaction: Transaction): Transaction {
    const txid = transaction.id('hex')
    this.#height += 1
    // In the first place of a block would be its coinbase.
    const leaves = [
      { offset: 0, hash: '11'.repeat(32) },
      { offset: 1, hash: txid, txid: true },
    ]
    transaction.merklePath = new MerklePath(this.#height, [leaves])
    this.roots.set(this.#height, transaction.merklePath.computeRoot(txid))
    return transaction
  }

  isValidRootForHeight(root: string, height: number): Promise<boolean> {
    this.asked += 1
    if (this.isDown) return Promise.reject(new Error('the headers are down'))
    return Promise.resolve(this.roots.get(height) === root)
  }

  currentHeight(): Promise<number> {
    return this.isDown ? Promise.reject(new Error('the headers are down')) : Promise.resolve(this.#height)
  }
}

/** The script of a token by which `host` says that it serves `user`. */
export async function tokenScript(
  user: IdentityWallet,
  host: IdentityWallet,
  {
    origin = 'https://relay.example',
    dates = datesFixture(),
  }: { origin?: string; dates?: AuthorizationDates | null } = {},
): Promise<Uint8Array> {
  const terms = {
    userKey: user.identityKey,
    hostKey: host.identityKey,
    origin: origin as HostOrigin,
    pattern: null,
    dates,
  }
  return createPhipTokenScript(host, await signAuthorization(user, terms))
}

export function datesFixture(issuedAtMs = Date.now() - 1_000): AuthorizationDates {
  return { issuedAtMs, expiresAtMs: issuedAtMs + 86_400_000 }
}

let serial = 0

/** A transaction with `script` as its output 0, spending something that is never looked at once it is mined. */
export function tokenTransaction(script: Uint8Array): Transaction {
  const transaction = new Transaction()
  serial += 1
  transaction.addInput({
    sourceTXID: serial.toString(16).padStart(64, '0'),
    sourceOutputIndex: 0,
    unlockingScript: new UnlockingScript(UnlockingScript.fromHex('51').chunks),
  })
  transaction.addOutput({
    satoshis: 1,
    lockingScript: new LockingScript(LockingScript.fromBinary(Array.from(script)).chunks),
  })
  return transaction
}

/** The same, not mined: it spends a coin of a mined transaction. */
export async function unminedTokenTransaction(chain: ChainFixture, script: Uint8Array): Promise<Transaction> {
  const coin = tokenTransaction(Uint8Array.of(0x51))
  const transaction = new Transaction()
  transaction.addInput({
    sourceTransaction: chain.mine(coin),
    sourceOutputIndex: 0,
    unlockingScript: new UnlockingScript([]),
    sequence: (serial += 1),
  })
  transaction.addOutput({
    satoshis: 1,
    lockingScript: new LockingScript(LockingScript.fromBinary(Array.from(script)).chunks),
  })
  await transaction.sign()
  return transaction
}

/** A transaction that spends output 0 of `source`, not mined, signed by `signer`. */
export async function spendTransaction(
  source: Transaction,
  signer: IdentityWallet,
  key: KeyName = phipTokenKey,
): Promise<Transaction> {
  const { protocolID, keyID } = walletKey(key)
  const template = new PushDrop(signer as unknown as WalletInterface)
  const transaction = new Transaction()
  transaction.addInput({
    sourceTransaction: source,
    sourceOutputIndex: 0,
    unlockingScriptTemplate: template.unlock(protocolID, keyID, 'anyone'),
  })
  transaction.addOutput({ satoshis: 1, lockingScript: anyoneCanSpend() })
  await transaction.sign()
  return transaction
}

function anyoneCanSpend(): LockingScript {
  return new LockingScript([{ op: 0x51 }])
}
