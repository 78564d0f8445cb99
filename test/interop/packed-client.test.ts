import { execFile } from 'node:child_process'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createHost, hostConfigSchema, type Host } from '@overpost/host'
import { expect } from 'chai'
import { pino } from 'pino'

const run = promisify(execFile)
const top = fileURLToPath(new URL('../../../', import.meta.url))
const tsc = createRequire(join(top, 'package.json')).resolve('typescript/bin/tsc')
const published = ['protocol', 'auth', 'client']

const program = `
import { PrivateKey, ProtoWallet } from '@bsv/sdk'
import { MessageBoxClient, RelayClientError, type FollowedMessage } from '@overpost/client'

const wallet = new ProtoWallet(PrivateKey.fromRandom())
const client = new MessageBoxClient({ wallet, host: process.argv[2] ?? '' })
await client.send({ recipient: await client.identityKey(), box: 'inbox', body: 'hello' })
for await (const message of client.follow({ box: 'inbox', withEnvelope: true })) {
  const { body, verified, secrecy }: FollowedMessage = message
  console.log(JSON.stringify({ body, verified, secrecy, gone: await client.acknowledge([message]) }))
  break
}
const refused = await client.list({ box: 'inbox', cursor: 'x' }).catch((error: unknown) => error)
if (!(refused instanceof RelayClientError)) throw new Error('no typed error')
`
const tsconfig = {
  compilerOptions: {
    ...{ target: 'ES2023', module: 'NodeNext', strict: true, skipLibCheck: true, outDir: 'out' },
    ...{ lib: ['ES2023', 'DOM'], types: ['node'], typeRoots: [join(top, 'node_modules/@types')] },
  },
  files: ['program.ts'],
}

describe('the client as it is published', function () {
  this.timeout(180_000)

  let dir: string
  let host: Host
  before(async () => {
    dir = await mkdtemp(join(tmpdir(), 'overpost-packed-'))
    const input = { development: true, listen: { port: 0 }, store: { kind: 'memory' as const } }
    const config = hostConfigSchema.parse({ ...input, identityKey: '22'.repeat(32) })
    host = await createHost(config, { logger: pino({ level: 'silent' }) })
  })
  after(async () => {
    await (host as Host | undefined)?.[Symbol.asyncDispose]()
    await rm(dir, { recursive: true, force: true })
  })

  it('installs from its tarballs into an empty project, has types, and works there', async () => {
    for (const name of published) {
      await run('npx', ['pnpm@10.34.9', 'pack', '--pack-destination', dir], { cwd: join(top, 'packages', name) })
    }
    const tarballs = (await readdir(dir)).filter((name) => name.endsWith('.tgz'))
    expect(tarballs).to.have.length(published.length)
    const { stdout: content } = await run('tar', ['tzf', tarballs.find((name) => name.includes('client'))!], {
      cwd: dir,
    })
    expect(content)
      .to.include('package/dist/index.d.ts')
      .and.not.match(/\.test\.|testing|tsbuildinfo|\/src\//)

    await writeFile(join(dir, 'package.json'), JSON.stringify({ name: 'empty', private: true, type: 'module' }))
    const quietly = ['--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts']
    await run('npm', ['install', ...quietly, ...tarballs.map((name) => `./${name}`)], { cwd: dir })
    // What hosts need and clients do not: a server, and the curve in native code.
    expect(await readdir(join(dir, 'node_modules')))
      .to.include('zod')
      .and.not.include.members(['koa', 'secp256k1'])
    expect(await readdir(join(dir, 'node_modules'))).to.not.include('secp256k1')
    await writeFile(join(dir, 'program.ts'), program)
    await writeFile(join(dir, 'tsconfig.json'), JSON.stringify(tsconfig))
    await run(process.execPath, [tsc, '-p', dir]).catch((error: unknown) => {
      throw new Error((error as { stdout: string }).stdout)
    })
    const { stdout } = await run(process.execPath, [join(dir, 'out/program.js'), host.url], { timeout: 30_000 })
    expect(JSON.parse(stdout)).to.deep.equal({ body: 'hello', verified: true, secrecy: 'opened', gone: 1 })
  })
})
