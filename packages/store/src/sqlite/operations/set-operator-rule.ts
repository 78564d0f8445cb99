import type { OperatorRule, RuleOf } from '@overpost/core'
import type { WriterContext } from '../writer-context.ts'

/** Sets a rule, or takes it away (`RuleStore`). */
export function setOperatorRule(context: WriterContext, { of, rule }: { of: RuleOf; rule: OperatorRule | null }): null {
  const key = Buffer.from(of.key, 'hex')
  if (rule === null) {
    context.sql('DELETE FROM operator_rules WHERE subject = ? AND key = ?').run(of.subject, key)
  } else {
    context
      .sql('REPLACE INTO operator_rules (subject, key, verdict, note, set_at_ms) VALUES (?, ?, ?, ?, ?)')
      .run(of.subject, key, rule.verdict, rule.note, rule.setAtMs)
  }
  return null
}
