import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import type { NetworkState } from '@overpost/devnet/network'
import { expect } from 'chai'
import { cliMain, runProgram } from '../testing/run-program.ts'
import { tempDir } from '../testing/temp-dir.ts'

/** `overpost network`, ready, and what it printed. */
interface Started {
  readonly child: ChildProcess
  readonly state: NetworkState
  readonly lines: string[]
  readonly exited: Promise<unknown[]>
}

describe('overpost network', function () {
  this.timeout(90_000)
  let dir: ReturnType<typeof tempDir>
  let starters: ChildProcess[]
  beforeEach(() => {
    dir = tempDir()
    starters = []
  })
  afterEach(() => {
    for (const child of starters) child.kill('SIGKILL') // its parts end with it
    dir.remove()
  })

  async function start(...flags: string[]): Promise<Started> {
    const child = spawn(process.execPath, [cliMain, 'network', '--json', ...flags], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    starters.push(child)
    const lines: string[] = []
    const output = createInterface({ input: child.stdout })
    output.on('line', (line) => lines.push(line))
    const exited = once(child, 'close')
    await Promise.race([once(output, 'line'), exited])
    return { child, state: JSON.parse(lines[0] ?? '{}') as NetworkState, lines, exited }
  }

  it('carries a message across two hosts, survives kill -9 of one, and leaves no process behind', async () => {
    const { child, state, lines, exited } = await start(
      '--hosts',
      '2',
      '--overlays',
      '1',
      '--no-limits',
      '--dir',
      dir.path,
    )
    const pids = pidsOf(state)
    expect(new Set(pids).size).to.equal(4)
    expect(pids.filter(isRunning)).to.deep.equal(pids)
    expect(state.hosts.map(({ name }) => name)).to.deep.equal(['A', 'B'])
    for (const { dir: hostDir } of state.hosts) {
      for (const file of ['config.json', 'key', 'host.sqlite', 'log'])
        expect(existsSync(join(hostDir, file))).to.equal(true)
    }

    const overpost = (...argv: string[]) => runProgram(argv, { OVERPOST_DIR: dir.path })
    const aliceFile = join(dir.path, 'alice.key')
    const bobFile = join(dir.path, 'bob.key')
    await overpost('keygen', '--out', aliceFile)
    const made = await overpost('keygen', '--out', bobFile, '--json')
    const { identityKey: bob } = JSON.parse(made.out) as { identityKey: string }
    expect(await overpost('authorize', '--host', 'B', '--key-file', bobFile)).to.include({ code: 0, err: '' })
    const found = await until(() => overpost('lookup', bob, '--json'))
    expect(JSON.parse(found.out)).to.have.nested.property('hosts[0].hostKey', state.hosts[1]?.identityKey)
    const homes = async () => {
      const { code, out } = await overpost('hosts', '--key-file', bobFile, '--json', '--timeout-ms', '5000')
      return { code, ...(JSON.parse(out) as { answer: string; expiresAtMs: number }[])[0] }
    }
    const home = await homes()
    expect(home).to.include({ code: 0, hostKey: state.hosts[1]?.identityKey, answer: 'yes' })
    expect(home.expiresAtMs).to.be.greaterThan(Date.now())
    const sent = await overpost('send', 'hello', '--host', 'A', '--key-file', aliceFile, '--to', bob, '--json')
    expect(sent.code).to.equal(0)

    const listing = ['list', '--host', 'B', '--key-file', bobFile, '--json']
    const list = async () => JSON.parse((await overpost(...listing)).out) as { messages: Record<string, unknown>[] }
    const [message] = await until(async () => {
      const { messages } = await list()
      return { code: messages.length === 1 ? 0 : 1, messages }
    }).then(({ messages }) => messages)
    expect(message).to.include({ body: 'hello', verified: true, originHost: state.hosts[0]?.identityKey })

    process.kill(state.hosts[1]?.pid ?? 0, 'SIGKILL')
    await until(async () => {
      const { code, answer } = await homes()
      return { code: code === 1 && answer === 'ERR_UNREACHABLE' ? 0 : 1 }
    })
    await until(() => Promise.resolve({ code: isRunning(state.hosts[1]?.pid ?? 0) ? 1 : 0 }))
    expect((await overpost('network', 'status', '--json')).code).to.equal(1)
    const restarted = await overpost('network', 'restart', 'B')
    const again = JSON.parse(restarted.out) as NetworkState['hosts'][number]
    const { pid: oldPid, ...unchanged } = state.hosts[1] ?? { pid: 0 }
    expect(again).to.include(unchanged).and.to.not.have.property('pid', oldPid)
    expect((await overpost('network', 'status')).code).to.equal(0)
    expect((await list()).messages).to.have.length(1)
    const second = await runProgram(['network', '--json', '--dir', dir.path])
    expect(second).to.include({ code: 1, out: '', err: `overpost: a network runs in ${dir.path} already\n` })
    expect((await overpost('network', 'restart', 'Z')).err).to.include('there is no host "Z": there are A, B')
    expect(await overpost('ack', '--all', '--host', 'B', '--key-file', bobFile)).to.include({
      code: 0,
      out: '1 acknowledged\n',
    })

    child.kill('SIGTERM')
    expect(await exited).to.deep.equal([0, null])
    expect([...pids, again.pid].filter(isRunning)).to.deep.equal([])
    expect(lines).to.have.length(1)
    expect((await overpost('network', 'restart', 'B')).err).to.include('is a network running there?')
  })

  it('takes its processes with it when it is killed with -9', async () => {
    const { child, state, exited } = await start('--hosts', '1', '--overlays', '1', '--dir', dir.path)
    child.kill('SIGKILL')
    await exited
    await until(() => Promise.resolve({ code: pidsOf(state).some(isRunning) ? 1 : 0 }))
  })

  it('removes the folder that it made itself', async () => {
    const { child, state, exited } = await start('--hosts', '1', '--overlays', '0')
    const made = dirname(state.hosts[0]?.dir ?? '/nowhere/x')
    expect(existsSync(join(made, 'network.json'))).to.equal(true)
    child.kill('SIGINT')
    expect(await exited).to.deep.equal([0, null])
    expect(existsSync(made)).to.equal(false)
  })

  it('goes on from its folder: the same hosts, ports and keys', async () => {
    const first = await start('--hosts', '1', '--overlays', '0', '--dir', dir.path)
    first.child.kill('SIGTERM')
    await first.exited
    const second = await start('--hosts', '1', '--overlays', '0', '--dir', dir.path)
    second.child.kill('SIGTERM')
    await second.exited
    const lasting = ({ state }: Started) =>
      state.hosts.map(({ name, url, identityKey }) => ({ name, url, identityKey }))
    expect(lasting(second)).to.deep.equal(lasting(first))
  })

  it('says which part did not start, and why, and leaves nothing running', async () => {
    const first = await start('--hosts', '1', '--overlays', '0', '--dir', dir.path)
    first.child.kill('SIGTERM')
    await first.exited
    writeFileSync(join(dir.path, 'host-A', 'key'), 'no key\n')
    const { code, out, err } = await runProgram([
      'network',
      '--json',
      '--hosts',
      '1',
      '--overlays',
      '0',
      '--dir',
      dir.path,
    ])
    expect({ code, out }).to.deep.equal({ code: 1, out: '' })
    expect(err).to.match(/host-A did not start \(it ended\); the end of .*log:/)
  })
})

function pidsOf({ chain, overlays, hosts }: NetworkState): number[] {
  return [chain, ...overlays, ...hosts].map(({ pid }) => pid)
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Asks until the outcome's code is 0, for at most 20 s. */
async function until<T extends { code: number | null }>(ask: () => Promise<T>): Promise<T> {
  const endMs = performance.now() + 20_000
  for (;;) {
    const outcome = await ask()
    if (outcome.code === 0) return outcome
    if (performance.now() > endMs) throw new Error('waited in vain')
    await delay(100)
  }
}
