import type { Transaction } from '@bsv/sdk'
import { expect } from 'chai'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { overlayConfigSchema } from './config.ts'
import { exampleOverlayConfig } from './run-overlay.ts'
import { spend, TestChain } from './testing/test-chain.ts'
import { postSubmit } from './testing/test-node.ts'
import { phipScript, spendToken } from './testing/test-tokens.ts'

const program = `import { runOverlay } from ${JSON.stringify(new URL('./run-overlay.js', import.meta.url).href)}
process.exitCode = await runOverlay(process.argv.slice(1), {})`

describe('the program', function () {
  this.timeout(60_000) // it starts processes
  it('has an example of its configuration, which loads', () => {
    const path = fileURLToPath(new URL('../../../services/overlay/config.example.json', import.meta.url))
    expect(readFileSync(path, 'utf8')).to.equal(exampleOverlayConfig())
    expect(overlayConfigSchema.safeParse(JSON.parse(exampleOverlayConfig())).success).to.equal(true)
  })

  let chain: TestChain
  let dataDir: string
  const children: ChildProcess[] = []
  beforeEach(async () => {
    chain = await TestChain.start()
    dataDir = mkdtempSync(join(tmpdir(), 'overpost-overlay-'))
  })
  afterEach(async () => {
    for (const child of children.splice(0)) await kill(child)
    await chain[Symbol.asyncDispose]()
    rmSync(dataDir, { recursive: true, force: true })
  })

  async function start(): Promise<{ url: string; child: ChildProcess }> {
    const flags = ['--listen-port', '0', '--data-dir', dataDir, '--headers-url', chain.url, '--log-level', 'error']
    const child = spawn(process.execPath, ['--input-type=module', '-e', program, '--', ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    children.push(child)
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
    const { url, pid } = JSON.parse(line) as { url: string; pid: number }
    expect(pid).to.equal(child.pid)
    return { url, child }
  }

  async function kill(child: ChildProcess): Promise<void> {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill('SIGKILL')
    await exited
  }

  it('ends with 0 on SIGTERM, and with 2 and a line per fault for a bad configuration', async () => {
    const { child } = await start()
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).to.deep.equal([0, null])
    const bad = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      program,
      '--',
      '--headers-url',
      'x',
      '--nonsense',
    ])
    children.push(bad)
    expect((await once(bad, 'exit'))[0]).to.equal(2)
  })

  it('does not open a database that another process has open', async () => {
    await start()
    const second = spawn(process.execPath, [
      '--input-type=module',
      '-e',
      program,
      '--',
      '--listen-port=0',
      '--data-dir',
      dataDir,
      '--headers-url',
      chain.url,
    ])
    children.push(second)
    expect((await once(second, 'exit'))[0]).to.equal(1)
  })

  it('loses and doubles nothing when it is killed amid admissions and spends, and all are submitted again', async () => {
    const tokens: Transaction[] = []
    for (let index = 0; index < 30; index++)
      tokens.push(await spend([chain.fund()], [await phipScript({ origin: `https://h${index}.example` })]))
    const spenders = await Promise.all(tokens.map((transaction) => spendToken({ transaction, outputIndex: 0 })))
    const work = tokens
      .flatMap((token, index) => [token, spenders[index]!])
      .map((transaction) => Uint8Array.from(transaction.toBEEF()))

    let accepted = new Set<number>()
    for (let kills = 0; kills < 4; kills++) {
      const { url, child } = await start()
      const before = accepted.size
      const rounds = work.map(async (beef, index) => {
        const answer = await postSubmit(url, beef).catch(() => null)
        if (answer?.status !== 200) return
        accepted = new Set([...accepted, index])
        if (accepted.size >= before + 10 + kills) await kill(child) // with the rest on its way
      })
      await Promise.all(rounds)
      await kill(child)
    }

    const { url } = await start()
    const eventsBefore = await readAll(url)
    for (const index of accepted) {
      const [txid, kind] =
        index % 2 === 0 ? [tokens[index / 2]!.id('hex'), 'admit'] : [tokens[(index - 1) / 2]!.id('hex'), 'spend']
      if (kind === 'admit') expect(eventsBefore, `accepted ${index}`).to.deep.include({ txid, kind })
    }
    for (const beef of work) expect((await postSubmit(url, beef)).status).to.equal(200)
    const events = await readAll(url)
    expect(events).to.have.length(60)
    expect(new Set(events.map(({ txid, kind }) => `${kind} ${txid}`)).size).to.equal(60)
  })
})

async function readAll(url: string): Promise<{ txid: string; kind: string }[]> {
  const response = await fetch(`${url}/events?topic=tm_phip&limit=1000&wait=0`)
  const { events } = (await response.json()) as { events: { txid: string; kind: string }[] }
  return events.map(({ txid, kind }) => ({ txid, kind }))
}
