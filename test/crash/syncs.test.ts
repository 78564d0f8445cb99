import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import type { ReadyProcess } from '../support/child-process.ts'
import { ForeignHost, propagated } from '../support/foreign-host.ts'
import { newPerson, type Person } from '../support/person.ts'
import { scenario, size } from '../support/scenario.ts'
import { canTrace, startUnderStrace } from '../support/strace.ts'
import { answersAndSyncs, tracedCalls } from '../support/sync-trace.ts'
import { TestNetwork } from '../support/test-network.ts'

const hosts = ['A', 'B']

describe('two hosts whose system calls are watched', function () {
  this.timeout(120_000)

  scenario(
    5,
    'a sync lies between each request and its 200: of sends, of other hosts’ mail and of acknowledgements',
    async (run) => {
      if (!canTrace()) run.skip('strace is not here, or may not trace. Nothing was shown of syncs before answers.')
      const rounds = size(10, 200)
      await using network = await TestNetwork.start({ hosts: 2 })
      const people = new Map<string, Person>()
      for (const name of hosts) {
        const person = newPerson()
        people.set(name, person)
        await network.authorize(person, name)
      }
      const traced: ReadyProcess<object>[] = []
      try {
        for (const name of hosts) {
          traced.push(await startUnderStrace(network, name, ['-o', join(network.dir, `trace-${name}`), ...tracedCalls]))
        }
        for (const name of hosts) await callInTurn(network, name, people.get(name)!, rounds)
      } finally {
        for (const host of traced) await host[Symbol.asyncDispose]()
      }
      for (const name of hosts) {
        const answers = answersAndSyncs(readFileSync(join(network.dir, `trace-${name}`), 'utf8'))
        for (const path of ['/sendMessage', '/propagateMessage', '/acknowledgeMessage']) {
          const found = answers.filter((answer) => answer.path === path)
          const early = found.filter(({ synced }) => !synced).length
          run.tell(`${name}: ${found.length} answers to ${path}, ${early} of them before a sync`)
          expect(found).to.have.length(rounds)
          expect(early, `answers of ${name} to ${path} before a sync`).to.equal(0)
        }
        run.count({ messages: rounds * 2 })
      }
    },
  )
})

/** One call at a time, so that a sync belongs to the call before it: a send, mail of another host, and an acknowledgement of both. */
async function callInTurn(network: TestNetwork, name: string, owner: Person, rounds: number): Promise<void> {
  const alice = newPerson()
  const [sender, reader] = [network.client(alice, name), network.client(owner, name)]
  const foreign = new ForeignHost(network.host(name), network.transport)
  for (let round = 0; round < rounds; round += 1) {
    await sender.send({ recipient: owner.key, box: 'inbox', body: `message ${round}` })
    const { status } = await foreign.propagate(await propagated({ sender: alice, recipient: owner, box: 'inbox' }))
    expect(status).to.equal(200)
    const { messages } = await reader.list({ box: 'inbox' })
    expect(await reader.acknowledge(messages)).to.equal(2)
  }
}
