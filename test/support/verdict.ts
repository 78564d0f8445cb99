import type { ListedMessage } from '@overpost/client'
import { expect } from 'chai'
import type { Copy, MailReader } from './mail-reader.ts'
import type { ScenarioCounts } from './scenario.ts'

/**
 * How a client sends: our own, again until it hears; one request and no more; or as stock clients do, without an envelope,
 * again until it hears.
 */
export type Manner = 'until heard' | 'once' | 'stock'

/** What the sender of a message knows of it. */
export type Fate = 'accepted' | 'refused' | 'unknown'

/** A message that somebody tried to send. */
export interface Attempt {
  readonly body: string
  readonly messageId: string
  readonly sender: string
  readonly recipient: string
  readonly manner: Manner
  fate: Fate
  /** Why it was refused. */
  code: string | null
  /** How often the client was asked to send it. */
  sends: number
}

export interface Verdict {
  readonly attempted: number
  readonly accepted: number
  readonly refused: number
  readonly unknown: number
  /** Of which nobody told the sender, and which arrived: no fault. */
  readonly unknownArrived: number
  readonly returned: number
  /** Stored again because a stock client sent again after the acknowledgement: no fault. */
  readonly resent: number
  readonly lost: readonly string[]
  readonly doubled: readonly string[]
  readonly forged: readonly string[]
  readonly leaked: readonly string[]
}

/** What somebody read. */
export type Read = Pick<MailReader, 'copies' | 'ghosts'> & { readonly person: Pick<MailReader['person'], 'key'> }

export interface Evidence {
  readonly attempts: readonly Attempt[]
  /** Of recipients, at all hosts. */
  readonly readers: readonly Read[]
  /** Of the senders' own boxes with what came back. */
  readonly returns: readonly Read[]
  /** With keys to which nobody wrote. */
  readonly strangers: readonly Read[]
}

export const returnsBox = 'delivery_failures'

/** Compares what was sent with what was read. Everything that is not as it must be is named, in words. */
export function judge({ attempts, readers, returns, strangers }: Evidence): Verdict {
  const byId = new Map(attempts.map((attempt) => [attempt.messageId, attempt]))
  const copies = new Map<Attempt, Copy[]>()
  const forged: string[] = []
  const leaked = strangers.flatMap(({ copies }) => copies.map(({ message }) => `a stranger read ${named(message)}`))
  for (const reader of readers) {
    for (const copy of reader.copies) {
      const { message } = copy
      const attempt = byId.get(message.messageId)
      const fault = attempt === undefined ? 'nobody sent it' : faultOf(message, attempt)
      if (attempt === undefined || fault !== null) {
        forged.push(`${named(message)}: ${fault}`)
      } else if (attempt.recipient !== reader.person.key) {
        leaked.push(`${named(message)} is for ${attempt.recipient}`)
      } else {
        copies.set(attempt, [...(copies.get(attempt) ?? []), copy])
      }
    }
  }

  const lost: string[] = []
  const doubled = [...readers, ...returns].flatMap(({ ghosts }) => ghosts.map((one) => `${named(one)}: read again`))
  const bounces = bouncesById(returns)
  let [resent, returned] = [0, 0]
  for (const attempt of attempts) {
    const found = copies.get(attempt) ?? []
    const bounced = bounces.get(attempt.messageId) ?? 0
    const again = found.filter(({ isAfterAcknowledgement }) => isAfterAcknowledgement).length
    const excused = attempt.manner === 'stock' ? Math.min(again, attempt.sends - 1) : 0
    resent += excused
    returned += bounced > 0 ? 1 : 0
    const what = `${attempt.messageId} (${attempt.manner}, sent ${attempt.sends} times, ${attempt.fate})`
    if (found.length - excused + bounced > 1) {
      doubled.push(`${what}: ${found.length} copies, of which ${excused} sent again, and ${bounced} bounces`)
    }
    if (attempt.fate === 'accepted' && found.length + bounced === 0) lost.push(what)
  }
  const withFate = (fate: Fate): Attempt[] => attempts.filter((attempt) => attempt.fate === fate)
  return {
    attempted: attempts.length,
    accepted: withFate('accepted').length,
    refused: withFate('refused').length,
    unknown: withFate('unknown').length,
    unknownArrived: withFate('unknown').filter((attempt) => copies.has(attempt)).length,
    returned,
    resent,
    lost,
    doubled,
    forged,
    leaked,
  }
}

/** Nothing lost, doubled, forged or leaked. */
export function expectClean({ lost, doubled, forged, leaked }: Verdict): void {
  const first = (faults: readonly string[]): string[] => [...faults].slice(0, 5)
  const found = { lost: first(lost), doubled: first(doubled), forged: first(forged), leaked: first(leaked) }
  expect(found).to.deep.equal({ lost: [], doubled: [], forged: [], leaked: [] })
}

export function countsOf(verdict: Verdict): ScenarioCounts {
  const { attempted, lost, doubled, forged, leaked, returned, resent } = verdict
  const faults = { lost: lost.length, doubled: doubled.length, forged: forged.length, leaked: leaked.length }
  return { messages: attempted, ...faults, returned, resent }
}

/** The id of the message that a notice gives back (docs/specs/delivery-failure.md); none for one that only waits, or is no notice. */
export function returnedBy({ box, body }: ListedMessage): string[] {
  if (box !== returnsBox) return []
  const notice = (typeof body === 'string' ? JSON.parse(body) : body) as { kind?: unknown; messageId?: unknown }
  return notice.kind === 'returned' && typeof notice.messageId === 'string' ? [notice.messageId] : []
}

function bouncesById(returns: readonly Read[]): Map<string, number> {
  const bounces = new Map<string, number>()
  for (const { message } of returns.flatMap(({ copies }) => copies)) {
    for (const id of returnedBy(message)) bounces.set(id, (bounces.get(id) ?? 0) + 1)
  }
  return bounces
}

/** Why a message cannot be the one that was sent under its id; null when it can. */
function faultOf({ sender, body, verified }: ListedMessage, attempt: Attempt): string | null {
  if (sender !== attempt.sender) return `it is said to be from ${sender}`
  if (body !== attempt.body) return 'its text is another'
  if (verified !== true && attempt.manner !== 'stock') return 'its envelope does not verify'
  return attempt.fate === 'refused' ? `it was refused: ${attempt.code}` : null
}

function named({ sender, messageId }: ListedMessage): string {
  return `${messageId} of ${sender.slice(0, 8)}`
}
