import type * as z from 'zod'
import { StoryError } from './story.ts'

const timeoutMs = 10_000

/** `GET` of JSON. @throws {StoryError} another status than 200, or another form */
export async function getJson<T>(url: string, schema: z.ZodType<T>): Promise<T> {
  const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
  const parsed = schema.safeParse(await response.json())
  if (response.status !== 200 || !parsed.success)
    throw new StoryError(`${url} answers ${response.status}, not as agreed`)
  return parsed.data
}

/** The status of a `GET`; null when nobody answers. */
export async function statusOf(url: string): Promise<number | null> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(timeoutMs) })
    await response.arrayBuffer()
    return response.status
  } catch {
    return null
  }
}

/** The sum of a metric over its labels. */
export async function metricOf(host: string, name: string): Promise<number> {
  const response = await fetch(`${host}/metrics`, { signal: AbortSignal.timeout(timeoutMs) })
  const lines = (await response.text()).split('\n').filter((line) => line.startsWith(name))
  if (lines.length === 0) throw new StoryError(`${host} has no metric ${name}`)
  return lines.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0)
}
