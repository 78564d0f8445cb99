import { readFileSync } from 'node:fs'
import { expect } from 'chai'

describe('@overpost/auth/session', () => {
  it('reaches no module that a browser lacks', () => {
    const seen = new Set<string>()
    const outside = new Set<string>()
    const visit = (url: URL) => {
      if (seen.has(url.href)) return
      seen.add(url.href)
      const imports = /^(?:import|export) (?:[^'"=(]* from )?['"]([^'"]+)['"]/gm
      for (const [, target = ''] of readFileSync(url, 'utf8').matchAll(imports)) {
        if (target.startsWith('.')) visit(new URL(target, url))
        else outside.add(target)
      }
    }
    visit(new URL('./session.js', import.meta.url))
    expect(seen.size).to.be.above(5)
    expect([...outside]).to.deep.equal(['@overpost/protocol'])
  })
})
