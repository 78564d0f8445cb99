import {
  bytesToHex,
  verifyMessageboxAdvert,
  verifyPhipToken,
  verifyWithdrawalToken,
  type IdentityKey,
  type MessageboxAdvert,
  type PhipToken,
  type SignatureVerifier,
  type Withdrawal,
} from '@overpost/protocol'
import type { DirectoryEntry, Sieve } from './ports/host-directory.ts'

type Spent = Pick<DirectoryEntry, 'spent' | 'outpoint'>

/** What proven outputs say of one user, every signature checked. */
export interface JudgedTokens {
  readonly adverts: readonly (PhipToken & Spent)[]
  /** Spent or not: whoever published it cannot take back what the user signed. */
  readonly withdrawals: readonly Withdrawal[]
  readonly anointings: readonly (MessageboxAdvert & DirectoryEntry)[]
}

type Verdict =
  | { readonly kind: 'advert'; readonly token: PhipToken }
  | { readonly kind: 'withdrawal'; readonly token: Withdrawal }
  | { readonly kind: 'anointing'; readonly token: MessageboxAdvert }

/** Of one answer: tokens that name one host, and hosts. An honest answer shows the newest first. */
const mostPerHost = 8
const mostHosts = 32

/** Judges the tokens of one user, for one question. Each script is read and its signatures are checked once, whoever shows it. */
export class TokenJudge {
  readonly #user: IdentityKey
  readonly #policy: { readonly verifier: SignatureVerifier; readonly allowHttp: boolean }
  readonly #verdicts = new Map<string, Verdict | null>()

  constructor(user: IdentityKey, policy: { readonly verifier: SignatureVerifier; readonly allowHttp: boolean }) {
    this.#user = user
    this.#policy = policy
  }

  /** Lets through what this user signed, so far as one answer may hold of it. What others signed takes no place of it. */
  sieve(): Sieve {
    const shown = new Map<string, number>()
    return (script) => {
      const verdict = this.#verdict(script)
      if (verdict === null) return false
      const host = nameOfHost(verdict)
      const count = shown.get(host) ?? 0
      if (count >= mostPerHost || (count === 0 && shown.size >= mostHosts)) return false
      shown.set(host, count + 1)
      return true
    }
  }

  judge(entries: readonly DirectoryEntry[]): JudgedTokens {
    const adverts: (PhipToken & Spent)[] = []
    const withdrawals: Withdrawal[] = []
    const anointings: (MessageboxAdvert & DirectoryEntry)[] = []
    for (const entry of entries) {
      const verdict = this.#verdict(entry.script)
      const { spent, outpoint } = entry
      if (verdict?.kind === 'advert') adverts.push({ ...verdict.token, spent, outpoint })
      if (verdict?.kind === 'withdrawal') withdrawals.push(verdict.token)
      if (verdict?.kind === 'anointing') anointings.push({ ...entry, ...verdict.token })
    }
    return { adverts, withdrawals, anointings }
  }

  /** Null for what is no valid token, or another user's. */
  #verdict(script: Uint8Array): Verdict | null {
    const name = bytesToHex(script)
    let verdict = this.#verdicts.get(name)
    if (verdict === undefined) this.#verdicts.set(name, (verdict = this.#verify(script)))
    return verdict
  }

  #verify(script: Uint8Array): Verdict | null {
    const advert = verifyPhipToken(script, { ...this.#policy, ofUser: this.#user })
    if ('token' in advert) return { kind: 'advert', token: advert.token }
    const withdrawal = verifyWithdrawalToken(script, this.#policy)
    if ('token' in withdrawal && withdrawal.token.userKey === this.#user) {
      return { kind: 'withdrawal', token: withdrawal.token }
    }
    const anointing = verifyMessageboxAdvert(script, this.#policy)
    if ('token' in anointing && anointing.token.userKey === this.#user) {
      return { kind: 'anointing', token: anointing.token }
    }
    return null
  }
}

function nameOfHost({ kind, token }: Verdict): string {
  return `${kind} ${kind === 'anointing' ? token.baseUrl : token.hostKey}`
}

/**
 * The anointings that stand, in the order given, one for each URL. One that was spent before and is on chain again stands only when its
 * transaction spends an anointing of the same user, as only the user can: anybody can put the script on chain again.
 */
export function standingAnointings(anointings: JudgedTokens['anointings']): MessageboxAdvert[] {
  const spentUrls = new Set(anointings.filter(({ spent }) => spent).map(({ baseUrl }) => baseUrl))
  const own = new Set<string>(anointings.map(({ outpoint }) => outpoint))
  const standing = new Map<string, MessageboxAdvert>()
  for (const anointing of anointings) {
    const { baseUrl, spent, spends = new Set<string>() } = anointing
    const isByUser = (): boolean => [...spends].some((outpoint) => own.has(outpoint))
    if (!spent && !standing.has(baseUrl) && (!spentUrls.has(baseUrl) || isByUser())) standing.set(baseUrl, anointing)
  }
  return [...standing.values()]
}
