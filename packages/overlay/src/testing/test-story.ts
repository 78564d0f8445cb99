import type { Transaction } from '@bsv/sdk'
import { spend, type TestChain } from './test-chain.ts'
import {
  discoveryScript,
  identity,
  messageboxScript,
  phipScript,
  spendMessageboxAdverts,
  spendToken,
  withdrawalScript,
} from './test-tokens.ts'

/** A transaction in a form in which it can be submitted. */
export interface StoryPart {
  readonly txid: string
  readonly beef: Uint8Array
}

/**
 * Tokens of every kind, and spends of them, spends of spends and double spends among them. Each transaction comes in one or two forms: before it
 * was mined, with its ancestors, and after, with its own proof and without them.
 */
export async function tellStory(chain: TestChain): Promise<StoryPart[][]> {
  const now = Date.now()
  const dated = (agoMs: number, byte = 0x22) =>
    phipScript({ host: identity(byte), dates: { issuedAtMs: now - agoMs, expiresAtMs: now + 86_400_000 } })
  const of = (transaction: Transaction) => ({ transaction, outputIndex: 0 })

  const phip = await spend([chain.fund()], [await phipScript(), await phipScript({ host: identity(0x41) })])
  const copy = await spend([chain.fund()], [await phipScript()])
  const phip2 = await spend([chain.fund()], [await dated(5_000)])
  const withdrawal = await spend([chain.fund()], [await withdrawalScript({ atMs: now - 1_000 })])
  const discovery = await spend(
    [chain.fund()],
    [await discoveryScript('SHIP', 'tm_phip'), await discoveryScript('SLAP', 'ls_phip')],
  )
  const anointing = await spend([chain.fund()], [await messageboxScript('https://a.example')])
  const renewed = await spendToken(of(phip2), undefined, undefined, [await dated(0)])
  const moved = await spendMessageboxAdverts([of(anointing)], [await messageboxScript('https://b.example')])
  const all = [
    phip,
    copy,
    phip2,
    withdrawal,
    discovery,
    anointing,
    await spendToken(of(phip)),
    renewed,
    await spendToken(of(renewed)),
    await spendToken(of(withdrawal), identity(0x44)),
    await spendToken(of(discovery), undefined, 'service host interconnect'),
    moved,
    await spendMessageboxAdverts([of(moved)]),
    await spendToken(of(copy), undefined, undefined, [await dated(9_000, 0x22)]),
    await spend([chain.fund()], [], [500]), // nothing for anybody
  ]
  const unmined = all.map(partOf)
  return all.map((transaction, index) => {
    if (index % 3 === 1) return [unmined[index]!]
    chain.mine(transaction)
    return index % 3 === 0 ? [unmined[index]!, partOf(transaction)] : [partOf(transaction)]
  })
}

function partOf(transaction: Transaction): StoryPart {
  return { txid: transaction.id('hex'), beef: Uint8Array.from(transaction.toBEEF()) }
}
