import { spawnSync } from 'node:child_process'
import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect } from 'chai'
import { bodiesIn, newPerson } from '../support/person.ts'
import { runOverpost } from '../support/run-overpost.ts'
import { scenario } from '../support/scenario.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const handles = 128
const sockets = 300

describe('a host whose system fails it', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const [alice, bob] = [newPerson(), newPerson()]
  before(async () => {
    network = await TestNetwork.start({ hosts: 2 })
    await network.authorize(bob, 'B')
  })
  after(() => network[Symbol.asyncDispose]())

  const send = (body: string): Promise<unknown> =>
    network.client(alice, 'A').send({ recipient: bob.key, box, body, messageId: body })

  scenario(20, `no file handles left: ${sockets} idle sockets at hosts that may have ${handles} files`, async (run) => {
    // A program that starts opens many files at once: the limit is for the running one.
    for (const name of ['A', 'B'])
      if (!limitHandles(network.host(name).pid)) run.skip('prlimit is not here, or may not')
    await send('before')
    const idle = await Promise.all([...idleSockets(network.host('A').url), ...idleSockets(network.host('B').url)])
    const texts = Array.from({ length: 50 }, (_, index) => `message ${index}`)
    const sending = texts.map(async (text) => {
      await until(
        `${text} accepted`,
        () =>
          send(text).then(
            () => true,
            () => false,
          ),
        60_000,
      )
    })
    // Some get through on the connections that are there; the others wait until the idle ones are gone.
    for (const socket of idle) socket.destroy()
    await Promise.all(sending)
    const listed = await until('all at B', async () => {
      const found = await bodiesIn(network.client(bob, 'B'), box).catch(() => [])
      return found.length > texts.length && found
    })
    expect(listed).to.have.members(['before', ...texts])
    run.count({ messages: listed.length, lost: 0, doubled: 0 })
    for (const name of ['A', 'B']) {
      await network.stop(name)
      await network.restart(name)
    }
  })

  scenario(
    23,
    'a flipped bit in the log or the tables, and a cut off file: no start, and nothing lost once it is right',
    async (run) => {
      const atB = network.client(bob, 'B')
      const before = await bodiesIn(atB, box)
      const texts = Array.from({ length: 40 }, (_, index) => `more ${index}`)
      for (const text of texts) await send(text)
      const expected = [...before, ...texts]
      await until('all at B', async () => (await bodiesIn(atB, box)).length === expected.length)
      await network.kill('B')
      const file = join(network.host('B').dir, 'host.sqlite')

      const [log, middle] = [`${file}-wal`, Math.floor(statSync(`${file}-wal`).size / 2)]
      flipBit(log, middle)
      const refused = await startOf('B')
      expect(refused.code).to.equal(1)
      expect(refused.err).to.match(/is damaged \(its log is wrong at frame \d+, .*"overpost check .*"overpost restore"/)
      expect((await runOverpost('check', file)).code).to.equal(1)
      flipBit(log, middle)
      await network.restart('B')
      expect(await bodiesIn(network.client(bob, 'B'), box)).to.have.members(expected)

      await network.stop('B')
      const backup = join(network.dir, 'copy')
      expect((await runOverpost('backup', file, '--to', backup)).code).to.equal(0)
      for (let at = 2 * 4096; at < 12 * 4096; at += 4096) flipBit(file, at)
      expect((await startOf('B')).err).to.contain('is damaged')
      expect((await runOverpost('restore', backup, '--to', file)).code).to.equal(0)
      await network.restart('B')
      expect(await bodiesIn(network.client(bob, 'B'), box)).to.have.members(expected)
      run.count({ messages: texts.length, kills: 1, lost: 0, doubled: 0 })
    },
  )

  const startOf = (name: string) => runOverpost('host', 'start', '--config', network.configFile(name))

  function idleSockets(url: string): Promise<Socket>[] {
    const { hostname, port } = new URL(url)
    return Array.from({ length: sockets }, async () => {
      const socket = connect(Number(port), hostname)
      // The host may close those for which it has no handle.
      await new Promise<void>((resolve) => socket.once('connect', () => resolve()).on('error', () => resolve()))
      return socket
    })
  }
})

function limitHandles(pid: number): boolean {
  return spawnSync('prlimit', ['--pid', String(pid), `--nofile=${handles}:`]).status === 0
}

function flipBit(file: string, at: number): void {
  const handle = openSync(file, 'r+')
  const byte = Buffer.alloc(1)
  readSync(handle, byte, 0, 1, at)
  writeSync(handle, Uint8Array.of((byte[0] ?? 0) ^ 0x10), 0, 1, at)
  closeSync(handle)
}
