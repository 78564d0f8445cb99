import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Part } from './part.ts'

const never = new AbortController().signal

describe('Part', () => {
  let dir: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'overpost-part-'))
  })
  afterEach(() => rmSync(dir, { recursive: true, force: true }))

  const start = (script: string, { readyWithinMs = 5000, signal = never } = {}) =>
    Part.start(
      {
        name: 'part',
        command: [process.execPath, '--input-type=module', '-e', script],
        logFile: join(dir, 'log'),
        readyWithinMs,
      },
      signal,
    )
  const lives = 'setInterval(() => {}, 1000)'
  const isReady = `console.log(JSON.stringify({ pid: process.pid })); ${lives}`

  it('gives what the process says when it is ready, and keeps its log', async () => {
    const part = await start(`console.error('a line'); ${isReady}`)
    expect(part.ready).to.deep.equal({ pid: part.pid })
    expect(part.isRunning).to.equal(true)
    await part.stop()
    expect(part.isRunning).to.equal(false)
    expect(readFileSync(join(dir, 'log'), 'utf8')).to.equal('a line\n')
  })

  it('takes a second stop, and a stop of what was killed, for done', async () => {
    const part = await start(isReady)
    await part.kill()
    await part.stop()
    expect(part.isRunning).to.equal(false)
  })

  it('does not hand down what would configure the part', async () => {
    process.env.OVERPOST_OPEN = 'false'
    try {
      const part = await start(`console.log(JSON.stringify(process.env.OVERPOST_OPEN ?? 'none')); ${lives}`)
      expect(part.ready).to.equal('none')
      await part.stop()
    } finally {
      delete process.env.OVERPOST_OPEN
    }
  })

  const failures: { name: string; script: string; says: RegExp }[] = [
    {
      name: 'ends first',
      script: "console.error('why'); process.exit(3)",
      says: /^part did not start \(it ended\); .*\nwhy$/s,
    },
    { name: 'is too slow', script: lives, says: /^part did not start \(it was not ready in time\)$/ },
    { name: 'prints no JSON', script: `console.log('hello'); ${lives}`, says: /^part did not start \(.*JSON.*\)$/ },
  ]
  for (const { name, script, says } of failures) {
    it(`says why there is no part, and leaves none, when the process ${name}`, async () => {
      const outcome = await start(script, { readyWithinMs: name === 'is too slow' ? 300 : 5000 }).catch(
        (error: unknown) => error,
      )
      expect(outcome).to.be.an('error')
      expect((outcome as Error).message).to.match(says)
    })
  }

  it('is interrupted by its signal', async () => {
    const stop = new AbortController()
    const outcome = start(lives, { signal: stop.signal }).catch((error: unknown) => error)
    stop.abort()
    expect(await outcome).to.have.property('message', 'part did not start (interrupted)')
  })

  it('says when there is no such program', async () => {
    const plan = { name: 'part', command: ['/nowhere/program'], logFile: join(dir, 'log'), readyWithinMs: 5000 }
    const outcome: unknown = await Part.start(plan, never).catch((error: unknown) => error)
    expect(outcome).to.be.an('error')
  })
})
