import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { openControl, restartHost, type Control } from './control.ts'
import { writeNetworkFile } from './network-state.ts'

const host = { name: 'A', url: 'http://127.0.0.1:1', identityKey: 'k', pid: 7, dir: '/x' }

describe('restartHost', () => {
  let dir: string
  let control: Control
  beforeEach(async () => {
    dir = mkdtempSync(join(tmpdir(), 'overpost-control-'))
    control = await openControl((name) =>
      name === 'A' ? Promise.resolve(host) : Promise.reject(new Error(`there is no host ${name}`)),
    )
  })
  afterEach(async () => {
    await control[Symbol.asyncDispose]()
    rmSync(dir, { recursive: true, force: true })
  })

  const writeFile = (token = control.token) =>
    writeNetworkFile(dir, {
      chain: { url: 'http://127.0.0.1:1', pid: 1 },
      overlays: [],
      hosts: [host],
      starter: { url: control.url, pid: 2, token },
    })
  const messageOf = (call: Promise<unknown>) =>
    call.then(
      () => 'it went through',
      (error: unknown) => (error instanceof Error ? error.message : ''),
    )

  it('reaches the starter by the file in its folder, which only the owner can read', async () => {
    writeFile()
    expect(await restartHost(dir, 'A')).to.deep.equal(host)
    if (process.platform !== 'win32') expect(statSync(join(dir, 'network.json')).mode & 0o077).to.equal(0)
  })

  it('tells what the starter says', async () => {
    writeFile()
    expect(await messageOf(restartHost(dir, 'Z'))).to.equal('there is no host Z')
  })

  it('is refused without the token', async () => {
    writeFile('0'.repeat(48))
    expect(await messageOf(restartHost(dir, 'A'))).to.match(/token/)
  })

  it('says when no network runs there', async () => {
    expect(await messageOf(restartHost(dir, 'A'))).to.match(/cannot be read: is a network running there\?/)
    writeFileSync(join(dir, 'network.json'), '{}')
    expect(await messageOf(restartHost(dir, 'A'))).to.match(/not the file of a network/)
    writeFile()
    await control[Symbol.asyncDispose]()
    expect(await messageOf(restartHost(dir, 'A'))).to.match(/\(pid 2\) does not answer/)
    control = await openControl(() => Promise.resolve(host))
  })
})
