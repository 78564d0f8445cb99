import { RelayError } from '@overpost/protocol'
import type { AppendOutcome, Message, QuotaOutcome } from './message.ts'

/** What callers are told of a quota. */
export const overQuotaWords: Readonly<Record<QuotaOutcome, string>> = {
  'mailbox full': 'The recipient has too much waiting here. Try again when they have acknowledged some of it.',
  'sender full': 'Too much of yours waits here for other hosts. Try again when some of it is delivered.',
  'origin full': 'This host remembers as many messages of yours as it may. Try again when it has forgotten old ones.',
}

export function isOverQuota(outcome: AppendOutcome): outcome is QuotaOutcome {
  return outcome in overQuotaWords
}

/** ERR_QUOTA_EXCEEDED when a message of a send does not fit, naming the recipients whose boxes are full; null when all do. */
export function overQuotaError(
  messages: readonly Message[],
  outcomes: readonly AppendOutcome[],
): { readonly quota: QuotaOutcome; readonly error: RelayError } | null {
  const quota = outcomes.find(isOverQuota)
  if (quota === undefined) return null
  const full = messages.filter((_, index) => outcomes[index] === 'mailbox full').map(({ recipient }) => recipient)
  const details = full.length > 0 ? { fullRecipients: full } : {}
  return { quota, error: new RelayError('ERR_QUOTA_EXCEEDED', overQuotaWords[quota], { details }) }
}
