import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { runProgram } from '../testing/run-program.ts'
import { tempDir } from '../testing/temp-dir.ts'

const spec = readFileSync(new URL('../../../../docs/specs/custody-receipt.md', import.meta.url), 'utf8')
const [, text = ''] = /<!-- vector: receipt, by itself -->\n```json\n(.*?)\n```/s.exec(spec) ?? []
const receipt = JSON.parse(text) as Record<string, unknown>

describe('overpost receipt verify', () => {
  let dir: ReturnType<typeof tempDir>
  beforeEach(() => {
    dir = tempDir()
  })
  afterEach(() => dir.remove())

  const file = (name: string, content: string): string => {
    const path = join(dir.path, name)
    writeFileSync(path, content)
    return path
  }
  const verify = (content: string, ...options: string[]) =>
    runProgram(['receipt', 'verify', file('receipt.json', content), ...options])

  it('says who signed for what, and ends with 0', async () => {
    const { code, out, err } = await verify(text)
    expect({ code, err }).to.deep.equal({ code: 0, err: '' })
    expect(out).to.match(/^This receipt holds\. The host signed that it has this message:/)
    expect(out).to.include((receipt['host'] as { identityKey: string }).identityKey)
    expect(out).to.include('2023-11-14T22:13:20.123Z').and.include('"id\\nof two lines"')
  })

  it('prints JSON', async () => {
    const { code, out } = await verify(text, '--json')
    expect(code).to.equal(0)
    expect(JSON.parse(out)).to.include({ valid: true, box: 'påske 🐣', bodyHash: receipt['bodyHash'] })
  })

  const broken: [string, string][] = [
    ['one character of it was changed', text.replace('"storedAtMs": 1700000000123', '"storedAtMs": 1700000000124')],
    ['it names another host', text.replace('02466d7f', '034f355b')],
    ['it is something else', '{"type":"letter"}'],
    ['it is no JSON', 'stored!'],
    ['it is empty', ''],
    ['it is without end', `${text}${' '.repeat(20_000)}`],
  ]
  for (const [name, content] of broken) {
    it(`ends with 1 when ${name}`, async () => {
      const { code, out } = await verify(content)
      expect(code).to.equal(1)
      expect(out).to.match(/^This receipt does not hold: /)
      const json = await verify(content, '--json')
      expect(json.code).to.equal(1)
      expect(JSON.parse(json.out)).to.include({ valid: false }).and.have.property('fault')
    })
  }

  it('compares the body, when it is given', async () => {
    const body = file('body', '{"encryptedMessage":"AAEC"}')
    expect((await verify(text, '--body-file', body)).code).to.equal(0)
    const other = await verify(text, '--body-file', file('other', '{"encryptedMessage":"AAED"}'))
    expect(other.code).to.equal(1)
    expect(other.out.trim()).to.equal('This receipt does not hold: it is for another body')
  })
})
