import type { BoxRetention } from '@overpost/core'

/** How long boxes of a name, or whose names begin so, keep what nobody acknowledges. 0 days: for good. */
export interface BoxRule {
  /** The name of a box; with `*` at its end, the beginning of names. */
  readonly boxes: string
  readonly days: number
}

const ruleForm = /^([^=*]+\*?|\*)=(\d{1,5})$/

/** Reads `news_*=7`; null when it is not of that form. */
export function parseBoxRule(text: string): BoxRule | null {
  const [, boxes, days] = ruleForm.exec(text) ?? []
  return boxes === undefined ? null : { boxes, days: Number(days) }
}

/** The rules as they were written. */
export function boxRules(texts: readonly string[]): BoxRule[] {
  return texts.map(parseBoxRule).filter((rule) => rule !== null)
}

/** What these settings say of each box: the first rule that fits it, or else `days`. */
export function boxRetention({ days, boxes }: { days: number; boxes: readonly string[] }): BoxRetention {
  const rules = boxRules(boxes)
  return (box) => {
    const found = rules.find((rule) =>
      rule.boxes.endsWith('*') ? box.startsWith(rule.boxes.slice(0, -1)) : box === rule.boxes,
    )
    const kept = found?.days ?? days
    return kept === 0 ? null : kept
  }
}
