import type { Clock, OperatorRules } from '@overpost/core'
import type { OperatorCalls } from './operator-door.ts'

export interface RulesCallsDeps {
  readonly rules: Pick<OperatorRules, 'list' | 'put' | 'remove'>
  readonly clock: Pick<Clock, 'nowMs'>
}

/** Whom the operator lets in: durable when it is answered, and in force. */
export function rulesCalls({ rules, clock }: RulesCallsDeps): Pick<OperatorCalls, 'rules' | 'rule'> {
  return {
    rules: () => Promise.resolve({ rules: rules.list() }),
    async rule({ subject, key, verdict, note = '' }) {
      if (verdict === null) await rules.remove({ subject, key })
      else await rules.put({ subject, key, verdict, note, setAtMs: clock.nowMs() })
      return { rules: rules.list() }
    },
  }
}
