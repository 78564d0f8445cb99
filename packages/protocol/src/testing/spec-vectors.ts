import { readFileSync } from 'node:fs'

const specs = new URL('../../../../docs/specs/', import.meta.url)

/** The fenced block that follows `<!-- vector: name -->` in a document of docs/specs. */
export function specText(document: string, name: string): string {
  const text = readFileSync(new URL(document, specs), 'utf8')
  const start = text.indexOf(`<!-- vector: ${name} -->`)
  const [, block] = /^```\w*\n(.*?)\n```$/ms.exec(text.slice(start)) ?? []
  if (start < 0 || block === undefined) throw new Error(`${document} has no vector ${name}`)
  return block
}

/** The same, parsed; the caller says what it holds. */
export function specJson(document: string, name: string): unknown {
  return JSON.parse(specText(document, name))
}
