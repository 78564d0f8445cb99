import type { PropagateMessageJson } from '@overpost/protocol'
import { expect } from 'chai'
import { ForeignHost, newForwardId, propagated } from '../support/foreign-host.ts'
import { bodiesIn, newPerson } from '../support/person.ts'
import { httpRequest, sendBytes } from '../support/signed-bytes.ts'
import { TestNetwork } from '../support/test-network.ts'

const dayMs = 86_400_000

/** Must hold 5, between processes: what a host with a real key of its own hands to B, for users of B. */
describe('a host that hands in what it should not', function () {
  this.timeout(60_000)

  let network: TestNetwork
  let foreign: ForeignHost
  const [alice, bob, carol, mallory, nobody] = [newPerson(), newPerson(), newPerson(), newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 1 })
    await Promise.all([network.authorize(bob, 'A'), network.authorize(carol, 'A')])
    foreign = new ForeignHost(network.host('A'), network.transport)
  })
  after(() => network[Symbol.asyncDispose]())

  /** All that Bob and Carol have in any of the boxes that are named here. */
  async function stored(): Promise<string[]> {
    const found: string[] = []
    for (const person of [bob, carol, nobody]) {
      for (const box of ['inbox', 'payments', 'none']) {
        found.push(...(await bodiesIn(network.client(person, 'A'), box)))
      }
    }
    return found
  }

  const genuine = () => propagated({ sender: alice, recipient: bob })
  type Altered = Partial<Omit<PropagateMessageJson, 'signedMessage'>> & {
    signedMessage?: Partial<PropagateMessageJson['signedMessage']>
  }
  async function altered({ signedMessage, ...rest }: Altered): Promise<unknown> {
    const item = await genuine()
    return { ...item, ...rest, signedMessage: { ...item.signedMessage, ...signedMessage } }
  }

  const forged = { status: 403, code: 'ERR_SENDER_LINKAGE_VERIFICATION_FAILED' }
  const cases: { name: string; make: () => Promise<unknown>; status: number; code: string }[] = [
    { name: 'another body', make: () => altered({ signedMessage: { body: 'hello!' } }), ...forged },
    {
      name: 'another recipient, hosted here too',
      make: () => altered({ signedMessage: { recipient: carol.key } }),
      ...forged,
    },
    { name: 'another box', make: () => altered({ signedMessage: { messageBox: 'payments' } }), ...forged },
    { name: 'another message id', make: () => altered({ signedMessage: { messageId: 'another' } }), ...forged },
    { name: 'another time', make: () => altered({ timestamp: Date.now() - 5_000 }), ...forged },
    { name: 'another sender', make: () => altered({ originalSender: mallory.key }), ...forged },
    {
      name: 'a message that Mallory signed in Alice’s name',
      make: async () => ({ ...(await propagated({ sender: mallory, recipient: bob })), originalSender: alice.key }),
      ...forged,
    },
    {
      name: 'a bare keyLinkage, as BRC-34 has it',
      make: async () => {
        const { originalSender, signedMessage, senderSignature } = await genuine()
        return {
          originalSender,
          keyLinkage: 'a2'.repeat(32),
          signedMessage: JSON.stringify(signedMessage),
          senderSignature,
        }
      },
      ...forged,
    },
    {
      name: 'mail for somebody who is not hosted here',
      make: () => propagated({ sender: alice, recipient: nobody }),
      status: 404,
      code: 'ERR_RECIPIENT_NOT_HOSTED',
    },
    {
      name: 'an envelope from before the memory of hosts',
      make: () => propagated({ sender: alice, recipient: bob, sentAtMs: Date.now() - 8 * dayMs }),
      status: 400,
      code: 'ERR_TOO_OLD',
    },
    {
      name: 'an envelope from the future',
      make: () => propagated({ sender: alice, recipient: bob, sentAtMs: Date.now() + dayMs }),
      status: 425,
      code: 'ERR_TOO_EARLY',
    },
    {
      name: 'a forward id from before the memory of hosts',
      make: () => propagated({ sender: alice, recipient: bob, forwardId: newForwardId(Date.now() - 8 * dayMs) }),
      status: 400,
      code: 'ERR_TOO_OLD',
    },
  ]
  for (const { name, make, status, code } of cases) {
    it(`is refused ${name}: ${code}, and nothing is stored`, async () => {
      const answer = await foreign.propagate(await make())
      expect(answer.status).to.equal(status)
      expect(answer.json).to.include({ status: 'error', code })
      expect(await stored()).to.deep.equal([])
    })
  }

  it('is refused as nobody when it does not authenticate, though the item is genuine', async () => {
    const { url } = network.host('A')
    const body = Buffer.from(JSON.stringify(await genuine()))
    const bytes = httpRequest(`${url}/propagateMessage`, { 'content-type': 'application/json' }, body)
    expect(await sendBytes(url, bytes)).to.include({ status: 401 })
    expect(await stored()).to.deep.equal([])
  })

  it('spoils no good message by the bad ones beside it, and stores what it hands in twice once', async () => {
    const good = await genuine()
    const bad = await Promise.all(cases.map(({ make }) => make()))
    const answer = await foreign.call('/propagateMessages', { messages: [...bad, good, good, 7] })
    expect(answer.status).to.equal(200)
    const { results } = answer.json as { results: { status: string; code?: string; duplicate?: boolean }[] }
    expect(
      results.map(({ status, code, duplicate }) => code ?? (duplicate === true ? 'duplicate' : status)),
    ).to.deep.equal([...cases.map(({ code }) => code), 'success', 'duplicate', 'ERR_INVALID_PARAMETERS'])
    expect(await stored()).to.deep.equal(['hello'])
  })
})
