import { mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openStore } from '@overpost/store'
import { expect } from 'chai'
import { runProgram } from '../testing/run-program.ts'

describe('overpost backup, check and restore', () => {
  let dir: string
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), 'overpost-cli-'))))
  afterEach(() => rmSync(dir, { recursive: true }))

  const run = (...argv: string[]) => runProgram(argv)

  it('copy a running store, tell what is wrong with one, and bring the copy back', async () => {
    const file = join(dir, 'host.sqlite')
    const copy = join(dir, 'copy.sqlite')
    const store = await openStore({ kind: 'sqlite', file })
    expect(await run('backup', file, '--to', copy)).to.deep.include({ code: 0, err: '' })
    const refused = await run('restore', copy, '--to', file)
    expect(refused.code).not.to.equal(0)
    expect(refused.err).to.contain('is in use: only one process can have it open')
    await store[Symbol.asyncDispose]()
    expect((await run('check', file)).out).to.equal(
      '0 messages in boxes, 0 on their way, 0 users\nno damage was found\n',
    )
    truncateSync(file, 8_192)
    const checked = await run('check', file)
    expect(checked.code).to.equal(1)
    expect(checked.out).to.match(/^damaged: /)
    const { code, out } = await run('restore', copy, '--to', file)
    expect(code).to.equal(0)
    expect(out).to.match(/host\.sqlite is as it was at .*: 0 messages in boxes/)
    expect(out).to.contain('host.sqlite.before-restore')
    expect((await run('check', file)).code).to.equal(0)
  })
})
