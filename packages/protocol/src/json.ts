import type * as z from 'zod'

/** Outside data, nothing of it checked yet. */
export type JsonRecord = Readonly<Record<string, unknown>>

/** Null for whatever is not an object with names. */
export function asRecord(json: unknown): JsonRecord | null {
  return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as JsonRecord) : null
}

/** JSON has two ways to leave something out. */
export function isAbsent(value: unknown): value is null | undefined {
  return value === undefined || value === null
}

/** What `schema` makes of `value`; null when it refuses. */
export function parseOrNull<Schema extends z.ZodType>(schema: Schema, value: unknown): z.output<Schema> | null {
  const result = schema.safeParse(value)
  return result.success ? result.data : null
}

/** Deeper JSON is nobody's message, and takes the stack of whoever writes it out again. */
const maxNesting = 64

/** Whether `json` is nested deeper than hosts take. Level by level, so that depth costs no stack. */
export function isNestedTooDeep(json: unknown): boolean {
  let level: unknown[] = [json]
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > maxNesting) return true
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? (Object.values(value) as unknown[]) : [],
    )
  }
  return false
}
