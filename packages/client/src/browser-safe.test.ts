import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

/** Every module of this workspace that `url` loads, itself included, with its text. */
function reachable(url: string, found = new Map<string, string>()): Map<string, string> {
  if (found.has(url)) return found
  const text = readFileSync(fileURLToPath(url), 'utf8')
  found.set(url, text)
  for (const [, name = ''] of text.matchAll(/from ['"]([^'"]+)['"]/g)) {
    if (name.startsWith('.')) reachable(new URL(name, url).href, found)
    else if (name.startsWith('@overpost/')) reachable(import.meta.resolve(name), found)
  }
  return found
}

describe('the client', () => {
  it('loads nothing that browsers do not have', () => {
    const modules = reachable(new URL('./index.js', import.meta.url).href)
    expect(modules.size).to.be.greaterThan(30)
    for (const [url, text] of modules) {
      expect(text, url).to.not.match(/from ['"]node:|\brequire\(|\bBuffer\b|\bprocess\./)
    }
  })
})
