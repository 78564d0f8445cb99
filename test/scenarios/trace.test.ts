import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { bodiesIn, newPerson } from '../support/person.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

interface Line {
  readonly trace?: string
  readonly step?: string
  readonly outcome?: string
}

describe('the trace of a message', function () {
  this.timeout(60_000)

  let network: TestNetwork
  const [alice, bob] = [newPerson(), newPerson()]
  before(async () => {
    const debug = { log: { level: 'debug' as const } }
    network = await TestNetwork.start({ hosts: 2, configure: (config) => ({ ...config, ...debug }) })
    await network.authorize(bob, 'B')
  })
  after(() => network[Symbol.asyncDispose]())

  /** What a host's log says of single messages: `step outcome`, by trace. */
  const traces = (name: string): Map<string, string[]> => {
    const found = new Map<string, string[]>()
    for (const text of readFileSync(join(network.host(name).dir, 'log'), 'utf8').split('\n')) {
      const { trace, step = '', outcome = '' } = text.startsWith('{') ? (JSON.parse(text) as Line) : {}
      if (trace !== undefined) found.set(trace, [...(found.get(trace) ?? []), `${step} ${outcome}`])
    }
    return found
  }

  it('leads through the logs of both hosts', async () => {
    for (const messageId of ['first', 'second']) {
      await network.client(alice, 'A').send({ recipient: bob.key, box: 'inbox', body: 'for Bob alone', messageId })
      await until('the message', async () => (await bodiesIn(network.client(bob, 'B'), 'inbox')).length > 0)
    }
    const atA = await until('the ends of both', () => {
      const found = traces('A')
      return found.size === 2 && [...found.values()].every((steps) => steps.includes('sent delivered')) && found
    })
    const [first, second] = [...atA.values()]
    // Of the first nobody knew where Bob lives; of the second that was known.
    expect(first?.[0]).to.equal('routed a home was found')
    expect(second).to.deep.equal(['accepted stored', 'sent delivered'])
    const atB = traces('B')
    expect([...atB.keys()]).to.have.members([...atA.keys()])
    for (const steps of atB.values()) expect(steps).to.deep.equal(['received stored'])
    for (const name of ['A', 'B']) {
      const log = readFileSync(join(network.host(name).dir, 'log'), 'utf8')
      for (const secret of [alice.key, bob.key, 'for Bob alone']) expect(log).to.not.include(secret)
    }
  })
})
