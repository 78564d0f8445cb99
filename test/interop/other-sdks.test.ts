import { expect } from 'chai'
import { newPerson, type Person } from '../support/person.ts'
import { report } from '../support/report.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'
import { SdkClient, type SdkAnswer } from './sdk-client.ts'
import { goProgram, pythonProgram, type SdkProgram } from './sdk-programs.ts'

const sdks: [name: string, prepare: () => SdkProgram][] = [
  ['go-sdk 1.3.4', goProgram],
  ['bsv-sdk 2.4.0 for Python', pythonProgram],
]

/** What their stock AuthFetch makes of our hosts; they sign no envelopes, so mail crosses by their requests (brc94). */
for (const [name, prepare] of sdks) {
  describe(`clients of ${name}, on two hosts`, function () {
    this.timeout(400_000)

    let network: TestNetwork
    let alice: SdkClient
    let bob: SdkClient
    let bobKey: Person['key']
    const open: AsyncDisposable[] = []
    const opened = <T extends AsyncDisposable>(one: T): T => {
      open.push(one)
      return one
    }

    before(async function () {
      const program = prepare()
      if ('missing' in program) {
        report(`!!! SKIPPED: ${program.missing}. Nothing was shown about clients of ${name}. !!!`)
        this.skip()
      }
      network = opened(await TestNetwork.start({ hosts: 2 }))
      const person = newPerson()
      bobKey = person.key
      await network.authorize(person, 'B')
      alice = opened(new SdkClient(program.command, newPerson().privateKey))
      bob = opened(new SdkClient(program.command, person.privateKey))
    })
    after(async () => {
      for (const one of open.toReversed()) await one[Symbol.asyncDispose]()
    })

    const at = (host: string, path: string): string => `${network.host(host).url}${path}`

    async function send(messageId: string, body: string): Promise<SdkAnswer> {
      const message = { recipient: bobKey, messageBox: 'inbox', messageId, body }
      return await alice.post(at('A', '/sendMessage'), { message })
    }

    async function arrived(count: number): Promise<Record<string, unknown>[]> {
      return await until(`${count} messages`, async () => {
        const { status, body } = await bob.post(at('B', '/listMessages'), { messageBox: 'inbox' })
        expect(status).to.equal(200)
        const messages = body['messages'] as Record<string, unknown>[]
        return messages.length >= count && messages
      })
    }

    it('send on one host, list and acknowledge on the other', async () => {
      const { status, body } = await send('m1', 'hello from another language: ü, 界, "quoted"')
      expect({ status, said: body['status'] }).to.deep.equal({ status: 200, said: 'success' })
      const [message, ...others] = await arrived(1)
      expect(others).to.deep.equal([])
      expect(JSON.parse(message!['body'] as string)).to.deep.equal({
        message: 'hello from another language: ü, 界, "quoted"',
      })
      expect(message).to.include({ messageId: 'm1', proof: 'brc94' })
      const acknowledged = await bob.post(at('B', '/acknowledgeMessage'), { messageIds: ['m1'] })
      expect(acknowledged).to.deep.include({ status: 200 })
      expect((await bob.post(at('B', '/listMessages'), { messageBox: 'inbox' })).body['messages']).to.deep.equal([])
    })

    it('are told what was wrong by a code', async () => {
      const twice = await bob.post(at('B', '/acknowledgeMessage'), { messageIds: ['m1'] })
      expect(twice.body).to.include({ status: 'error', code: 'ERR_INVALID_ACKNOWLEDGMENT' })
      const blank = await alice.post(at('A', '/sendMessage'), { message: { recipient: bobKey, messageBox: ' ' } })
      expect(blank.body).to.include({ status: 'error', code: 'ERR_INVALID_MESSAGEBOX' })
    })

    it('go on in their sessions when the hosts were stopped and started, since they never begin new ones', async () => {
      for (const host of ['A', 'B']) {
        await network.stop(host)
        await network.restart(host)
      }
      expect((await send('m2', 'after the restart')).status).to.equal(200)
      expect(await arrived(1)).to.have.length(1)
      expect((await bob.post(at('B', '/acknowledgeMessage'), { messageIds: ['m2'] })).status).to.equal(200)
    })
  })
}
