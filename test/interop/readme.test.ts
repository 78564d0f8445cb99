import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createHost, hostConfigSchema } from '@overpost/host'
import { expect } from 'chai'
import { pino } from 'pino'

const run = promisify(execFile)
const top = fileURLToPath(new URL('../../../', import.meta.url))

describe("the examples of the client's README", function () {
  this.timeout(120_000)

  it('do what they say', async () => {
    const text = await readFile(join(top, 'packages/client/README.md'), 'utf8')
    const [beginning = '', ...examples] = [...text.matchAll(/^```ts\n(.*?)\n```$/gms)].map(([, code = '']) => code)
    expect(examples).to.have.length(10)
    const input = { development: true, listen: { port: 0 }, store: { kind: 'memory' as const } }
    const config = hostConfigSchema.parse({ ...input, identityKey: '22'.repeat(32) })
    await using host = await createHost(config, { logger: pino({ level: 'silent' }) })
    // Beside the packages that they import.
    const dir = await mkdtemp(join(top, 'test/dist/readme-'))
    try {
      for (const [index, example] of examples.entries()) {
        const file = join(dir, `${index + 1}.js`)
        await writeFile(file, `${beginning}\n${example}\n`)
        const env = { ...process.env, OVERPOST_HOST: host.url }
        const { stdout } = await run(process.execPath, [file], { env, timeout: 20_000 })
        const said = [...example.matchAll(/console\.log\(.*\) \/\/ (.*)$/gm)].map(([, words]) => words)
        expect(stdout.trim().split('\n'), `example ${index + 1}`).to.deep.equal(said)
      }
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  })
})
