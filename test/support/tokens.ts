import { HTTPWalletJSON, LockingScript, MerklePath, Script, Transaction, UnlockingScript } from '@bsv/sdk'
import type { IdentityWallet } from '@overpost/auth'
import { bytesToHex, createPhipTokenScript, signAuthorization, type RoutingTerms } from '@overpost/protocol'
import type { ShownOutput } from './lying-lookup.ts'

/** A PHIP2 token of the host with this key, with an authorization that `signer` signed: who need not be the user. */
export async function tokenScript(
  host: IdentityWallet,
  signer: IdentityWallet,
  terms: Omit<RoutingTerms, 'hostKey' | 'pattern'>,
): Promise<Uint8Array> {
  const authorization = await signAuthorization(signer, { ...terms, hostKey: host.identityKey, pattern: null })
  return createPhipTokenScript(host, authorization)
}

/** Puts scripts on the local chain, with the money of a wallet of its own: as anybody may. */
export async function putOnChain(chainUrl: string, scripts: readonly Uint8Array[]): Promise<ShownOutput[]> {
  const wallet = new HTTPWalletJSON('test.example', `${chainUrl}/wallets/stranger`)
  const { tx } = await wallet.createAction({
    description: 'tokens of a stranger',
    outputs: scripts.map((script) => ({
      lockingScript: bytesToHex(script),
      satoshis: 1,
      outputDescription: 'a token of a stranger',
    })),
    options: { randomizeOutputs: false, acceptDelayedBroadcast: false },
  })
  const beef = Transaction.fromAtomicBEEF(tx!).toBEEF()
  return scripts.map((_, outputIndex) => ({ beef, outputIndex }))
}

/** A transaction with this output in a block that there never was. */
export function putInNoBlock(script: Uint8Array): ShownOutput {
  const transaction = new Transaction()
  transaction.addInput({
    sourceTXID: 'ab'.repeat(32),
    sourceOutputIndex: 0,
    unlockingScript: new UnlockingScript(),
    sequence: 0xffffffff,
  })
  transaction.addOutput({ satoshis: 1, lockingScript: lockingScript(bytesToHex(script)) })
  transaction.merklePath = new MerklePath(2, [[{ offset: 0, hash: transaction.id('hex'), txid: true }]])
  return { beef: transaction.toBEEF(), outputIndex: 0 }
}

/** The same output, said to be spent: by a transaction that nobody who could signed. */
export function saidToBeSpent({ beef, outputIndex }: ShownOutput): ShownOutput {
  const source = Transaction.fromBEEF(beef)
  const spender = new Transaction()
  spender.addInput({
    sourceTransaction: source,
    sourceOutputIndex: outputIndex,
    unlockingScript: new UnlockingScript(Script.fromHex('00').chunks),
    sequence: 0xffffffff,
  })
  spender.addOutput({ satoshis: 0, lockingScript: lockingScript('006a') })
  return { beef, outputIndex, context: spender.toBEEF() }
}

/** The SDK types what `fromHex` gives as a plain script. */
function lockingScript(hex: string): LockingScript {
  return new LockingScript(LockingScript.fromHex(hex).chunks)
}
