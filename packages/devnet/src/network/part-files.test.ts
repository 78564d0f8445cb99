import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { hostConfigSchema } from '@overpost/host'
import { overlayConfigSchema } from '@overpost/overlay'
import { expect } from 'chai'
import { formerPort, hostNames, writeHostFiles, writeOverlayFiles } from './part-files.ts'

describe('the files of a part', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'overpost-files-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const site = (name: string) => ({
    name,
    dir: join(dir, name),
    port: 4001,
    chainUrl: 'http://127.0.0.1:4000',
    overlayUrls: ['http://127.0.0.1:4001', 'http://127.0.0.1:4002'],
    noLimits: true,
  })
  const read = (name: string): unknown => JSON.parse(readFileSync(join(dir, name, 'config.json'), 'utf8'))

  it("are settings that a host's schema takes", () => {
    writeHostFiles(site('A'))
    const config = hostConfigSchema.parse(read('A'))
    expect(config).to.include({ publicUrl: 'http://127.0.0.1:4001', development: true })
    expect(config.overlay.urls).to.deep.equal(site('A').overlayUrls)
    expect([config.rates.enabled, config.quotas.enabled]).to.deep.equal([false, false])
    writeHostFiles({ ...site('B'), noLimits: false })
    const limited = hostConfigSchema.parse(read('B'))
    expect([limited.rates.enabled, limited.quotas.enabled]).to.deep.equal([true, true])
  })

  it("are settings that a node's schema takes, whose peers are the other nodes", () => {
    writeOverlayFiles(site('overlay-1'))
    const config = overlayConfigSchema.parse(read('overlay-1'))
    expect(config.advertise.peers).to.deep.equal(['http://127.0.0.1:4002'])
  })

  it('keep the key and tell the port of the last time, and are for their owner only', () => {
    expect(formerPort(join(dir, 'A'))).to.equal(null)
    writeHostFiles(site('A'))
    const keyFile = join(dir, 'A', 'key')
    const key = readFileSync(keyFile, 'utf8')
    writeHostFiles(site('A'))
    expect(readFileSync(keyFile, 'utf8'))
      .to.equal(key)
      .and.match(/^[0-9a-f]{64}\n$/)
    expect(formerPort(join(dir, 'A'))).to.equal(4001)
    if (process.platform !== 'win32') {
      for (const file of ['key', 'config.json']) expect(statSync(join(dir, 'A', file)).mode & 0o077).to.equal(0)
    }
  })

  it('name hosts by letters', () => {
    const names = hostNames(28)
    expect([names[0], names[1], names[25], names[26], names[27]]).to.deep.equal(['A', 'B', 'Z', 'AA', 'AB'])
  })
})
