import { createHash, randomBytes } from 'node:crypto'
import { PrivateKey, PublicKey } from '@bsv/sdk'
import { IdentityWallet } from '@overpost/auth'
import { forgeryFromKey, isTakenByBareCheck, SeededRandom, signedSend } from '@overpost/auth/testing'
import { identityKeySchema, type HostOrigin, type IdentityKey, type LinkageRevelationJson } from '@overpost/protocol'
import { expect } from 'chai'
import { ForeignHost, newForwardId, propagated } from '../support/foreign-host.ts'
import { metric, outboxOf } from '../support/host-metrics.ts'
import { bodiesIn, newPerson, type Person } from '../support/person.ts'
import { scenario, size, type ScenarioRun } from '../support/scenario.ts'
import { TestNetwork } from '../support/test-network.ts'
import { putOnChain, tokenScript } from '../support/tokens.ts'
import { until } from '../support/until.ts'

const box = 'inbox'
const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const sha256 = (bytes: Uint8Array): Uint8Array => new Uint8Array(createHash('sha256').update(bytes).digest())

/** What a host that lies hands in, and how it is refused. */
interface Attempt {
  readonly name: string
  readonly item: object
}

describe('hosts that lie, and adverts that lead nowhere', function () {
  this.timeout(120_000)

  let network: TestNetwork
  const [alice, bob, carol] = [newPerson(), newPerson(), newPerson()]

  before(async () => {
    network = await TestNetwork.start({ hosts: 3 })
    await network.authorize(bob, 'B')
    await network.authorize(carol, 'C')
  })
  after(() => network[Symbol.asyncDispose]())

  scenario(28, 'three hosts, adverts of two that are no home of his: nothing goes round', async (run) => {
    const dave = newPerson()
    // Both are genuine, and say what Dave signed: only, neither host has taken him up.
    for (const name of ['B', 'C']) {
      const wallet = new IdentityWallet(network.privateKey(name))
      const nowMs = Date.now()
      const dates = { issuedAtMs: nowMs - 60_000, expiresAtMs: nowMs + 3_600_000 }
      const { url } = network.host(name)
      const terms = { userKey: dave.key, origin: url as HostOrigin, dates }
      const [shown] = await putOnChain(network.chainUrl, [await tokenScript(wallet, dave.wallet, terms)])
      await submitTo(network.overlayUrls, shown!.beef)
    }
    const handedIn = await received(network)
    await network.client(alice, 'A').send({ recipient: dave.key, box, body: 'round and round' })
    await until('a refusal by B and by C', async () => {
      const now = await received(network)
      return now.B > handedIn.B && now.C > handedIn.C
    })
    // What a host was handed it never hands on, also not what it refuses, or what is for somebody elsewhere.
    const fromHost = new ForeignHost(network.host('B'), network.transport)
    const forCarol = await propagated({ sender: alice, recipient: carol, box })
    expect((await fromHost.propagate(forCarol)).json).to.include({ code: 'ERR_RECIPIENT_NOT_HOSTED' })
    for (const name of ['B', 'C']) {
      expect(await outboxOf(network.host(name).url), `the outbox of ${name}`).to.include({ parcels: 0, unrouted: 0 })
      expect(await bodiesIn(network.client(dave, name), box), `at ${name}`).to.deep.equal([])
    }
    expect(await bodiesIn(network.client(carol, 'C'), box)).to.deep.equal([])
    await network.authorize(dave, 'C')
    const listed = await until('the message at its home', async () => {
      const found = await bodiesIn(network.client(dave, 'C'), box)
      return found.length > 0 && found
    })
    expect(listed).to.deep.equal(['round and round'])
    const now = await received(network)
    expect(now.A, 'calls of other hosts to A').to.equal(handedIn.A)
    run.tell(`B was handed it ${now.B - handedIn.B - 1} times, C ${now.C - handedIn.C}, A never`)
    run.count({ messages: 2, lost: 0, doubled: 0 })
  })

  scenario(32, 'forged linkages: a point, zero, too large, another sender’s, another host’s, no proof', async (run) => {
    const [host, other] = [newPerson(), newPerson()]
    const liar = new ForeignHost(network.host('B'), network.transport, host.privateKey)
    const b = identityKeySchema.parse(network.host('B').identityKey)
    const random = new SeededRandom(32)
    const genuine = await requestItem(host, alice, bob, b)
    const forgeries: Attempt[] = []
    const forge = (name: string, change: object) =>
      forgeries.push({ name, item: { ...genuine.item, forwardId: newForwardId(), ...change } })
    for (let round = 0; round < size(5, 50); round += 1) {
      const point = new IdentityWallet(randomBytes(32).toString('hex')).identityKey
      const { payload } = signedSend(alice.wallet, host.key, sendOf(bob.key, `forged ${round}`))
      const bare = forgeryFromKey(alice.key, sha256(payload), random)
      expect(isTakenByBareCheck(alice.key, sha256(payload), bare), 'what BRC-34 alone would take').to.equal(true)
      const { signatureHex: senderSignature, keyLinkage } = bare
      forge('a scalar made from the public key', { signedMessage: base64(payload), senderSignature, keyLinkage })
      forge('the same as a linkage', { signedMessage: base64(payload), senderSignature, linkage: keyLinkage })
      for (const [name, bytes] of [
        ['a point that somebody chose', Buffer.from(point, 'hex')],
        ['zero', new Uint8Array(33)],
        ['the order of the group', Buffer.from(order.toString(16), 'hex')],
        ['more than the order', Buffer.alloc(32, 0xff)],
        ['noise', randomBytes(81)],
      ] as const) {
        const linkage = Buffer.from(sha256(bytes)).toString('hex')
        forge(name, { linkage, revelation: { ...genuine.revelation, encryptedLinkage: base64(bytes) } })
      }
    }
    forge("another sender's linkage", { revelation: await revelationOf(host, carol.key, b) })
    forge("another host's linkage", { revelation: await revelationOf(other, alice.key, b) })
    // All of it is genuine, but that it was made for this host: only the proof tells.
    const toOther = (await requestItem(other, alice, bob, b)).item
    forge("another host's request and linkage as one's own, unproven", {
      ...{ ...toOther, forwardId: newForwardId() },
      revelation: await unprovenRevelationOf(host, { prover: other, sender: alice.key, verifier: b }),
    })
    forge('a linkage revealed to another host', { revelation: await revelationOf(host, alice.key, other.key) })
    forge("another sender's name", { originalSender: carol.key })
    await expectRefused(run, liar, forgeries)
    expect((await liar.propagate(genuine.item)).status, 'the genuine one').to.equal(200)
    await acknowledgeAll(network, bob, 'B', 1)
  })

  scenario(34, 'a host that alters what it carries: body, recipient, box, id, sender, time', async (run) => {
    const liar = new ForeignHost(network.host('B'), network.transport)
    const erin = newPerson()
    await network.authorize(erin, 'B')
    const forgeries: Attempt[] = []
    for (let round = 0; round < size(5, 100); round += 1) {
      const item = await propagated({ sender: alice, recipient: bob, box, body: `a sum of ${round}` })
      const { signedMessage } = item
      const alter = (name: string, change: object) =>
        forgeries.push({ name, item: { ...item, forwardId: newForwardId(), ...change } })
      const alterMessage = (name: string, change: object) =>
        alter(name, { signedMessage: { ...signedMessage, ...change } })
      alterMessage('another body', { body: `a sum of ${round}0` })
      alterMessage('another recipient', { recipient: erin.key })
      alterMessage('another box', { messageBox: 'payments' })
      alterMessage('another id', { messageId: `id ${round}` })
      alter('another sender', { originalSender: carol.key })
      alter('another time', { timestamp: item.timestamp + 1 })
      alter('the word of a host without a token', { proof: 'host', message: signedMessage, signedMessage: undefined })
    }
    await expectRefused(run, liar, forgeries)
    expect(await bodiesIn(network.client(erin, 'B'), box)).to.deep.equal([])
    expect(await bodiesIn(network.client(bob, 'B'), 'payments')).to.deep.equal([])
  })

  /** Each is refused for good, and Bob's box stays empty. */
  async function expectRefused(run: ScenarioRun, liar: ForeignHost, forgeries: readonly Attempt[]): Promise<void> {
    const taken: string[] = []
    for (const { name, item } of forgeries) {
      const { status } = await liar.propagate(item)
      if (status < 400 || status >= 500) taken.push(`${name}: ${status}`)
    }
    const stored = await bodiesIn(network.client(bob, 'B'), box)
    run.count({ messages: forgeries.length, forged: taken.length + stored.length })
    run.tell(`${forgeries.length} forgeries of ${new Set(forgeries.map(({ name }) => name)).size} kinds, none taken`)
    expect({ taken, stored }).to.deep.equal({ taken: [], stored: [] })
  }
})

const sendOf = (recipient: string, body: string) => ({ message: { recipient, messageBox: box, messageId: 'm1', body } })

/** A message to Bob with the request in which its sender made it, and what `host` reveals of the two to the host with key `verifier`. */
async function requestItem(host: Person, sender: Person, recipient: Person, verifier: IdentityKey) {
  const request = signedSend(sender.wallet, host.key, sendOf(recipient.key, 'genuine'))
  const revelation = await revelationOf(host, sender.key, verifier)
  const item = {
    ...{ originalSender: sender.key, proof: 'brc94', forwardId: newForwardId() },
    ...{ message: { recipient: recipient.key, messageBox: box, messageId: 'm1' } },
    ...{ signedMessage: base64(request.payload), senderSignature: request.signatureHex },
    ...{ nonce: request.nonce, yourNonce: request.sessionNonce },
    ...{ linkage: host.wallet.linkageName(sender.key), revelation },
  }
  return { item, revelation }
}

async function revelationOf(host: Person, sender: IdentityKey, verifier: IdentityKey): Promise<LinkageRevelationJson> {
  const revealed = await host.wallet.revealLinkage(sender, verifier)
  const { encryptedLinkage, encryptedLinkageProof } = revealed
  return {
    ...revealed,
    encryptedLinkage: base64(encryptedLinkage),
    encryptedLinkageProof: base64(encryptedLinkageProof),
  }
}

/** What `prover` shares with `sender`, revealed by `host` as its own: sealed as it should be, and with a proof of nothing. */
async function unprovenRevelationOf(
  host: Person,
  { prover, sender, verifier }: { prover: Person; sender: IdentityKey; verifier: IdentityKey },
): Promise<LinkageRevelationJson> {
  const shared = PrivateKey.fromHex(prover.privateKey).deriveSharedSecret(PublicKey.fromString(sender))
  const revelationTime = new Date().toISOString()
  const seal = async (plaintext: number[]) => {
    const key = { protocolID: [2, 'counterparty linkage revelation'] as [2, string], keyID: revelationTime }
    const { ciphertext } = await host.wallet.encrypt({ ...key, counterparty: verifier, plaintext })
    return base64(Uint8Array.from(ciphertext))
  }
  return {
    ...{ prover: host.key, verifier, counterparty: sender, revelationTime },
    encryptedLinkage: await seal(shared.encode(true) as number[]),
    encryptedLinkageProof: await seal(Array.from(randomBytes(98))),
  }
}

/** How many messages other hosts have handed in, or tried to, at each host. */
async function received(network: TestNetwork): Promise<Record<'A' | 'B' | 'C', number>> {
  const at = async (name: string): Promise<number> => {
    const counts = ['stored', 'duplicate', 'refused'].map((outcome) =>
      metric(network.host(name).url, `relay_messages_received_total{outcome="${outcome}"}`),
    )
    return (await Promise.all(counts)).reduce<number>((sum, count) => sum + (count ?? 0), 0)
  }
  return { A: await at('A'), B: await at('B'), C: await at('C') }
}

async function submitTo(overlayUrls: readonly string[], beef: number[]): Promise<void> {
  for (const url of overlayUrls) {
    const headers = { 'content-type': 'application/octet-stream', 'x-topics': '["tm_phip"]' }
    const answer = await fetch(`${url}/submit`, { method: 'POST', headers, body: Uint8Array.from(beef) })
    expect(answer.status, 'the overlay node takes it').to.equal(200)
  }
}

/** Empties Bob's inbox, which holds so many. */
async function acknowledgeAll(network: TestNetwork, person: Person, name: string, count: number): Promise<void> {
  const client = network.client(person, name)
  const { messages } = await client.list({ box })
  expect(await client.acknowledge(messages)).to.equal(count)
}
