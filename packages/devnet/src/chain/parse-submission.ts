import { Beef, Transaction } from '@bsv/sdk'

/** What a client handed in, taken apart. */
export interface Submission {
  readonly form: 'raw' | 'extended' | 'beef'
  /** Unmined transactions, parents before children; the last is the one that was submitted. */
  readonly transactions: readonly Transaction[]
  /** The roots that a BEEF's Merkle paths come to, to be found in the chain. */
  readonly roots: readonly { readonly height: number; readonly root: string }[]
}

/**
 * Reads a transaction in any of the forms that ARC takes: standard, extended (BRC-30) or BEEF (BRC-62, 95, 96).
 * Throws when the bytes are none of them.
 */
export function parseSubmission(bytes: Uint8Array): Submission {
  if (isBeef(bytes)) return parseBeef(bytes)
  const form = isExtended(bytes) ? 'extended' : 'raw'
  const transaction = form === 'extended' ? Transaction.fromEF([...bytes]) : Transaction.fromBinary([...bytes])
  // The SDK reads past the end and stops before it without a word, and keeps the bytes it was given: written anew they tell.
  const { version, inputs, outputs, lockTime } = transaction
  const anew = new Transaction(version, inputs, outputs, lockTime)
  const plain = anew.toBinary()
  const written = Buffer.from(form === 'extended' ? anew.toEF() : plain)
  if (!written.equals(bytes)) throw new Error('the bytes are not one transaction and nothing else')
  return { form, transactions: [Transaction.fromBinary(plain)], roots: [] }
}

function parseBeef(bytes: Uint8Array): Submission {
  const beef = Beef.fromBinary([...bytes])
  beef.sortTxs()
  const transactions = beef.txs
    .filter((entry) => !entry.isTxidOnly && entry.bumpIndex === undefined)
    .map((entry) => {
      if (entry.rawTx === undefined) throw new Error(`the BEEF lacks the bytes of ${entry.txid}`)
      return Transaction.fromBinary([...entry.rawTx])
    })
  const subjectTxid = beef.atomicTxid ?? transactions.at(-1)?.id('hex') ?? beef.txs.at(-1)?.txid
  const subject = subjectTxid === undefined ? undefined : beef.findTxid(subjectTxid)
  if (subject?.rawTx === undefined) throw new Error('the BEEF has no subject transaction')
  const last = Transaction.fromBinary([...subject.rawTx])
  const others = transactions.filter((transaction) => transaction.id('hex') !== subject.txid)
  return {
    form: 'beef',
    transactions: [...others, last],
    roots: beef.bumps.map((bump) => ({ height: bump.blockHeight, root: bump.computeRoot() })),
  }
}

function isBeef(bytes: Uint8Array): boolean {
  const prefix = Buffer.from(bytes.subarray(0, 4)).toString('hex')
  return prefix === '0100beef' || prefix === '0200beef' || prefix === '01010101'
}

function isExtended(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(4, 10)).toString('hex') === '0000000000ef'
}
