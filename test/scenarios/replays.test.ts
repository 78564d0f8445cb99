import { readFileSync } from 'node:fs'
import type { MessageBoxClient } from '@overpost/client'
import { expect } from 'chai'
import { bodiesIn, newPerson } from '../support/person.ts'
import { report } from '../support/report.ts'
import { httpRequest, sendBytes, SigningSession } from '../support/signed-bytes.ts'
import { TestNetwork } from '../support/test-network.ts'

const box = 'inbox'

/** Must hold 3, on a host that is a process of its own: bytes on a socket, kills and restarts. */
describe('whoever plays with the authentication of a host', function () {
  this.timeout(120_000)

  let network: TestNetwork
  let atHost: MessageBoxClient
  const [alice, bob, mallory] = [newPerson(), newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 1 })
    await network.authorize(bob, 'A')
    atHost = network.client(bob, 'A')
  })
  after(() => network[Symbol.asyncDispose]())

  const origin = () => network.host('A').url
  const play = (bytes: Buffer) => sendBytes(origin(), bytes)
  /** No id and no envelope: what BRC-33 to the letter sends, of which the mailbox itself would take every copy. */
  const sendTo = (body: string) => ({ message: { recipient: bob.key, messageBox: box, body } })

  it('plays the bytes of a request a second time: refused, also after a kill -9 and after a clean restart', async () => {
    const session = new SigningSession(alice.wallet, origin())
    const first = await session.post('/sendMessage', sendTo('one'))
    const held = await session.post('/sendMessage', sendTo('two'))
    expect(await play(first)).to.include({ status: 200 })
    expect(await play(first)).to.include({ status: 401 })

    await network.stop('A')
    await network.restart('A')
    expect(await play(first), 'after a clean restart').to.include({ status: 401 })
    expect(await play(held), 'the session itself goes on').to.include({ status: 200 })
    expect(await play(held)).to.include({ status: 401 })

    const later = await session.post('/sendMessage', sendTo('three'))
    await network.kill('A')
    await network.restart('A')
    for (const bytes of [first, held]) expect(await play(bytes), 'after a kill').to.include({ status: 401 })
    expect(await play(later), 'a kill ends sessions').to.include({ status: 401 })
    await network.stop('A')
    await network.restart('A')
    for (const bytes of [first, held, later]) expect(await play(bytes), 'after both').to.include({ status: 401 })
    expect(await bodiesIn(atHost, box)).to.deep.equal(['one', 'two'])
  })

  it('plays the bytes of a read a second time: refused too', async () => {
    const read = await new SigningSession(bob.wallet, origin()).post('/listMessages', { messageBox: box })
    expect(await play(read)).to.include({ status: 200 })
    expect(await play(read)).to.include({ status: 401 })
  })

  it('names another identity in the header of its own session: refused', async () => {
    const session = new SigningSession(mallory.wallet, origin())
    const claim = async (path: string, body: unknown): Promise<Buffer> => {
      const bytes = (await session.post(path, body)).toString('latin1')
      return Buffer.from(bytes.replaceAll(mallory.key, bob.key), 'latin1')
    }
    expect(await play(await session.post('/listMessages', { messageBox: box })), 'as itself').to.include({
      status: 200,
    })
    // Bob has a session of his own meanwhile, which makes no difference.
    const before = await bodiesIn(atHost, box)
    const answer = await play(await claim('/listMessages', { messageBox: box }))
    expect(answer).to.include({ status: 401 })
    expect(answer.body).not.to.include('messages')
    expect(await play(await claim('/sendMessage', sendTo('in the name of bob')))).to.include({ status: 401 })
    expect(await bodiesIn(atHost, box)).to.deep.equal(before)
  })

  it('shakes hands in a victim’s name: the victim’s calls go on, and two devices of one key answer each other’s nothing', async () => {
    const devices = [network.client(bob, 'A'), network.client(bob, 'A')]
    const strangers = Array.from({ length: 30 }, () => play(handshake(bob.key)))
    const calls = devices.flatMap((device) => Array.from({ length: 30 }, () => device.list({ box })))
    const pages = await Promise.all(calls)
    expect(new Set(pages.map(({ messages }) => messages.length))).to.deep.equal(new Set([2]))
    await Promise.all(strangers)
    expect((await devices[0]!.list({ box })).messages).to.have.length(2)
  })

  it('has 10,000 requests refused: that leaves the memory of the host as it was', async () => {
    const { pid } = network.host('A')
    const session = new SigningSession(mallory.wallet, origin())
    const played = await session.post('/listMessages', { messageBox: box })
    await play(played)
    const kinds = [
      played,
      Buffer.from(
        (await session.post('/listMessages', { messageBox: box })).toString('latin1').replaceAll(mallory.key, bob.key),
        'latin1',
      ),
      Buffer.from(
        (await session.post('/listMessages', { messageBox: box }))
          .toString('latin1')
          .replace(/(x-bsv-auth-signature: )../, '$131'),
        'latin1',
      ),
      httpRequest(
        `${origin()}/listMessages`,
        { 'content-type': 'application/json' },
        Buffer.from('{"messageBox":"inbox"}'),
      ),
    ]
    let refused = 0
    const attack = async (count: number): Promise<void> => {
      const worker = async (): Promise<void> => {
        while (count-- > 0) {
          const { status } = await play(kinds[count % kinds.length]!)
          expect(status).to.equal(401)
          refused += 1
        }
      }
      await Promise.all(Array.from({ length: 8 }, worker))
    }
    // The first ones pay for what a process allocates once.
    await attack(5_000)
    const before = residentMiB(pid)
    await attack(10_000)
    const after = residentMiB(pid)
    report(
      `${refused} refused; resident ${before.toFixed(0)} MiB after the first 5,000, ${after.toFixed(0)} MiB at the end`,
    )
    expect(after - before).to.be.lessThan(24)
    expect(await bodiesIn(atHost, box)).to.have.length(2)
  })

  function handshake(identityKey: string): Buffer {
    const message = {
      version: '0.1',
      messageType: 'initialRequest',
      identityKey,
      initialNonce: Buffer.alloc(48, 7).toString('base64'),
    }
    return httpRequest(
      `${origin()}/.well-known/auth`,
      { 'content-type': 'application/json' },
      Buffer.from(JSON.stringify(message)),
    )
  }
})

function residentMiB(pid: number): number {
  const [, kibibytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? []
  return Number(kibibytes) / 1024
}
