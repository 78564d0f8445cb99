import type { IdentityKey } from '@overpost/protocol'

/** Whom an operator's rule concerns: a host that hands messages in, or a sender, here or there. */
export interface RuleOf {
  readonly subject: 'host' | 'sender'
  readonly key: IdentityKey
}

export interface OperatorRule extends RuleOf {
  readonly verdict: 'allow' | 'deny'
  /** For people. */
  readonly note: string
  readonly setAtMs: number
}

/** What an operator decided about others. Each call is atomic and durable when it resolves. @throws {RelayError} ERR_UNAVAILABLE */
export interface RuleStore {
  all(): Promise<OperatorRule[]>
  /** Takes the place of an earlier one. */
  put(rule: OperatorRule): Promise<void>
  remove(of: RuleOf): Promise<void>
}
