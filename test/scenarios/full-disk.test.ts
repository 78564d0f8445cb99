import { RelayClientError } from '@overpost/client'
import type { HostState } from '@overpost/devnet/network'
import { expect } from 'chai'
import { gone, signal, type ReadyProcess } from '../support/child-process.ts'
import { metric } from '../support/host-metrics.ts'
import { bodiesIn, newPerson } from '../support/person.ts'
import { report } from '../support/report.ts'
import { longScenario, scenario } from '../support/scenario.ts'
import { canMount, SmallDisk } from '../support/small-disk.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const bodyBytes = 20_000
const reserveBytes = 2_000_000

/** Each host in turn has a disk of 8 MB, without what the file system takes (scenarios 18 and 19 of anchors/federation.md). */
describe('a host whose disk fills up', function () {
  this.timeout(240_000)

  let network: TestNetwork
  const running: ReadyProcess<HostState>[] = []
  const [alice, bob, carol, dave] = [newPerson(), newPerson(), newPerson(), newPerson()]

  before(async function () {
    if (!canMount()) {
      report('!!! SKIPPED: no disk can be mounted here (root, loop devices). Nothing was shown about full disks. !!!')
      this.skip()
    }
    network = await TestNetwork.start({ hosts: 2 })
  })
  afterEach(async () => {
    for (const host of running.splice(0)) await host[Symbol.asyncDispose]()
  })
  after(async () => {
    await (network as TestNetwork | undefined)?.[Symbol.asyncDispose]()
  })

  const start = async (disk: SmallDisk): Promise<number> => {
    const host = await disk.start()
    running.push(host)
    return host.ready.pid
  }
  const bodyOf = (n: number): string => `${n} `.padEnd(bodyBytes, 'x')
  const numberOf = (body: string): number => Number.parseInt(body, 10)
  const send = (body: string): Promise<unknown> =>
    network.client(alice, 'A').send({ recipient: bob.key, box, body, messageId: body.slice(0, 20) })
  const refusalOf = (promise: Promise<unknown>): Promise<RelayClientError | null> =>
    promise.then(
      () => null,
      (error: unknown) => {
        if (error instanceof RelayClientError) return error
        throw error
      },
    )

  scenario(18, 'a full outbox: 507 for new mail, what it took is delivered, and it goes on by itself', async (run) => {
    await network.authorize(bob, 'B')
    const disk = await SmallDisk.make(network, 'A', (config) => ({
      ...config,
      store: { ...config.store, reserveBytes },
    }))
    const pid = await start(disk)
    await send(bodyOf(0))
    await until('the first at B', async () => (await bodiesIn(network.client(bob, 'B'), box)).length === 1)
    await network.kill('B')

    const accepted = [0]
    let refusal: RelayClientError | null = null
    for (let n = 1; refusal === null; n += 1) {
      refusal = await refusalOf(send(bodyOf(n)))
      if (refusal === null) accepted.push(n)
    }
    expect([refusal.status, refusal.code]).to.deep.equal([507, 'ERR_STORAGE_FULL'])
    expect(accepted.length).to.be.greaterThan(30)
    await until('the mark of a full store', async () => (await metric(network.host('A').url, 'relay_store_full')) === 1)
    expect((await fetch(`${network.host('A').url}/health/ready`)).status, 'readers are still served').to.equal(200)
    const freeAtRefusal = disk.freeBytes(pid)

    await network.restart('B')
    const atB = network.client(bob, 'B')
    await until('all at B', async () => (await bodiesIn(atB, box)).length >= accepted.length, 60_000)
    await until('room', async () => (await refusalOf(send(bodyOf(10_000)))) === null)
    const expected = [...accepted, 10_000]
    const listed = await until('the last at B', async () => {
      const found = await bodiesIn(atB, box)
      return found.length >= expected.length && found
    })
    expect(listed.map(numberOf).toSorted((a, b) => a - b)).to.deep.equal(expected)
    run.count({ messages: expected.length, lost: 0, doubled: 0 })
    run.tell(
      `${accepted.length} of ${bodyBytes} bytes accepted, then 507 with ${freeAtRefusal} bytes free; all delivered once`,
    )
  })

  it('filled to the last byte by another program: what it took is delivered and settled, also over a kill', async () => {
    const count = 60
    await network.authorize(dave, 'B')
    const disk = await SmallDisk.make(network, 'A', (config) => ({
      ...config,
      store: { ...config.store, reserveBytes },
      outbox: { ...config.outbox, backoffBaseMs: 100, backoffMostMs: 1_000 },
    }))
    let pid = await start(disk)
    const isBallastWhole = (): boolean => disk.ballastBytes(pid) === reserveBytes / 2
    await until('the ballast', isBallastWhole)
    await network.kill('B')

    const atA = network.client(alice, 'A')
    const sendToDave = async (n: number): Promise<string> => {
      const [sent] = await atA.send({ recipient: dave.key, box, body: bodyOf(n) })
      return sent?.handle ?? 'none'
    }
    const handles: string[] = []
    for (let n = 0; n < count; n += 1) handles.push(await sendToDave(n))
    const taken = disk.fill(pid)
    expect((await refusalOf(sendToDave(count)))?.code).to.equal('ERR_STORAGE_FULL')
    signal(pid, 'SIGKILL')
    await gone(pid)
    pid = await start(disk)
    expect(disk.ballastBytes(pid), 'let go for the start').to.be.within(1, reserveBytes / 2 - 1)
    expect((await refusalOf(sendToDave(count)))?.code, 'but not for new mail').to.equal('ERR_STORAGE_FULL')
    disk.fill(pid)

    await network.restart('B')
    await until('the end of all', async () =>
      (await atA.status(handles)).every(
        ({ state, destinations }) => state === 'delivered' && destinations?.length === 1,
      ),
    )
    const listed = await bodiesIn(network.client(dave, 'B'), box)
    expect(listed.map(numberOf).toSorted((a, b) => a - b)).to.deep.equal(handles.map((_, n) => n))
    const again = await metric(network.host('B').url, 'relay_messages_received_total{outcome="duplicate"}')
    expect(again, 'messages that came again').to.equal(null)
    const left = disk.ballastBytes(pid)
    report(
      `another program took ${taken} bytes; ${count} settled with ${left} of ${reserveBytes / 2} bytes of ballast left`,
    )

    disk.free(pid)
    await until('room', async () => (await refusalOf(sendToDave(count))) === null)
    await until('the ballast again', isBallastWhole)
  })

  longScenario(19, 'full inboxes: other hosts wait, also over a kill, and nothing is lost', async (run) => {
    const count = 400
    const disk = await SmallDisk.make(network, 'B', (config) => ({
      ...config,
      store: { ...config.store, reserveBytes },
    }))
    let pid = await start(disk)
    await network.authorize(carol, 'B')
    await network.reconfigure('A', (config) => ({
      ...config,
      store: { file: `${network.host('A').dir}/another.sqlite` },
      outbox: { ...config.outbox, backoffMostMs: 1_000 },
    }))
    const sent = Array.from({ length: count }, (_, n) => n)
    const client = network.client(alice, 'A')
    await Promise.all(
      Array.from({ length: 8 }, async (_, worker) => {
        for (let n = worker; n < count; n += 8) await client.send({ recipient: carol.key, box, body: bodyOf(n) })
      }),
    )
    const full = async (): Promise<boolean> => (await metric(network.host('B').url, 'relay_store_full')) === 1
    await until('a full B', full, 60_000)
    signal(pid, 'SIGKILL')
    await gone(pid)
    pid = await start(disk)
    await until('a full B, started again', full, 60_000)

    const read: number[] = []
    const atB = network.client(carol, 'B')
    let rounds = 0
    while (read.length < count) {
      const messages = await until(
        `more than ${read.length} messages`,
        async () => {
          const found = []
          for await (const message of atB.listAll({ box, limit: 1_000 })) found.push(message)
          return found.length > 0 && found
        },
        60_000,
      )
      read.push(...messages.map(({ body }) => (typeof body === 'string' ? numberOf(body) : Number.NaN)))
      await atB.acknowledge(messages)
      rounds += 1
    }
    expect(read.toSorted((a, b) => a - b)).to.deep.equal(sent)
    expect(await bodiesIn(atB, box)).to.deep.equal([])
    run.count({ messages: count, kills: 1, lost: 0, doubled: 0 })
    run.tell(
      `${count} messages of ${bodyBytes} bytes through a disk of 8 MB, read and acknowledged in ${rounds} rounds`,
    )
  })
})
