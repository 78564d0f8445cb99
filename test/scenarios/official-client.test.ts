import { HTTPWalletJSON, LookupResolver, type WalletInterface } from '@bsv/sdk'
import { MessageBoxClient, type PeerMessage } from '@bsv/message-box-client'
import type { IdentityKey } from '@overpost/protocol'
import { expect } from 'chai'
import { quietConsole } from '../support/quiet-console.ts'
import { TestNetwork } from '../support/test-network.ts'
import { until } from '../support/until.ts'

/** What the official client counts as the local network: it knows one overlay node there, at this address. */
const localOverlay = 'http://localhost:8080'

interface User {
  readonly wallet: WalletInterface
  readonly key: IdentityKey
  readonly client: MessageBoxClient
}

/** Must hold 1 of issue 6: `@bsv/message-box-client` 2.1.1 as it is, over wallets with coins, against processes. */
describe('the official client, unchanged', function () {
  this.timeout(180_000)

  let network: TestNetwork
  let restoreFetch: () => void
  const users: User[] = []
  quietConsole()

  before(async () => {
    network = await TestNetwork.start({ hosts: 2 })
    const [overlay = ''] = network.overlayUrls
    const original = globalThis.fetch
    globalThis.fetch = (input, init) =>
      original(typeof input === 'string' ? input.replace(localOverlay, overlay) : input, init)
    restoreFetch = () => (globalThis.fetch = original)
  })
  afterEach(async () => {
    for (const { client } of users.splice(0)) await client.disconnectWebSocket()
  })
  after(async () => {
    restoreFetch()
    await network[Symbol.asyncDispose]()
  })

  let made = 0
  /** Somebody new, with a wallet of the local chain and a client of the host. */
  async function user(name: string): Promise<User> {
    const wallet = new HTTPWalletJSON('test.example', `${network.chainUrl}/wallets/user-${(made += 1)}`)
    const { publicKey } = await wallet.getPublicKey({ identityKey: true })
    const client = new MessageBoxClient({
      walletClient: wallet,
      host: network.host(name).url,
      networkPreset: 'local',
    })
    // It would ask the one node that it knows: it cannot be told of another, and made its own copy of `fetch` when it was loaded.
    const hostOverrides = { ls_messagebox: network.overlayUrls }
    Object.assign(client, { lookupResolver: new LookupResolver({ networkPreset: 'local', hostOverrides }) })
    const someone = { wallet, key: publicKey as IdentityKey, client }
    users.push(someone)
    return someone
  }
  /** The same at home at that host, by an authorisation of theirs. */
  async function citizen(name: string): Promise<User> {
    const someone = await user(name)
    await network.authorize({ wallet: someone.wallet as never, key: someone.key, privateKey: '' }, name)
    return someone
  }
  const host = (name: string): string => network.host(name).url
  /** Resolves to what `listen` pushes, in order. */
  async function listening({ client }: User, messageBox: string): Promise<PeerMessage[]> {
    const seen: PeerMessage[] = []
    await client.listenForLiveMessages({ messageBox, onMessage: (message) => seen.push(message) })
    return seen
  }
  const bodies = (messages: readonly PeerMessage[]): unknown[] => messages.map(({ body }) => body)

  for (const [where, ofAlice, ofBob] of [
    ['one host', 'A', 'A'],
    ['two federated hosts', 'A', 'B'],
  ] as const) {
    describe(`at ${where}`, () => {
      const pair = async (): Promise<[User, User]> => [await citizen(ofAlice), await citizen(ofBob)]
      const listed = (of: User, messageBox = 'inbox', count = 1) =>
        until('the messages', async () => {
          const messages = await of.client.listMessages({ messageBox })
          return messages.length >= count ? messages : null
        })

      it('sends, lists and acknowledges, encrypted and not', async () => {
        const [alice, bob] = await pair()
        await alice.client.init()
        expect(await alice.client.getIdentityKey()).to.equal(alice.key)
        const sent = await alice.client.sendMessage(
          { recipient: bob.key, messageBox: 'inbox', body: { text: 'hello' } },
          host(ofAlice),
        )
        expect(sent.status).to.equal('success')
        const plain = { recipient: bob.key, messageBox: 'inbox', body: 'in the clear', skipEncryption: true }
        await alice.client.sendMessage(plain, host(ofAlice))
        const messages = await listed(bob, 'inbox', 2)
        expect(messages.map(({ sender }) => sender)).to.deep.equal([alice.key, alice.key])
        expect(bodies(messages)).to.deep.include({ text: 'hello' }).and.include('in the clear')
        const lite = await bob.client.listMessagesLite({ messageBox: 'inbox', host: host(ofBob) })
        expect(lite).to.have.length(2)
        const messageIds = messages.map(({ messageId }) => messageId)
        await bob.client.acknowledgeMessage({ messageIds, host: host(ofBob) })
        expect(await bob.client.listMessages({ messageBox: 'inbox' })).to.deep.equal([])
        const again = await bob.client
          .acknowledgeMessage({ messageIds, host: host(ofBob) })
          .catch((error: unknown) => error)
        expect(again).to.be.instanceOf(Error)
      })

      it('sends and hears live, both ways', async () => {
        const [alice, bob] = await pair()
        const atBob = await listening(bob, 'live-box')
        const atAlice = await listening(alice, 'live-box')
        const { status } = await alice.client.sendLiveMessage({
          recipient: bob.key,
          messageBox: 'live-box',
          body: 'ping',
        })
        expect(status).to.equal('success')
        await until('the live message', () => atBob.length === 1)
        expect(atBob[0]).to.include({ sender: alice.key, body: 'ping' })
        await bob.client.sendLiveMessage({ recipient: alice.key, messageBox: 'live-box', body: 'pong' })
        await until('the live answer', () => atAlice.length === 1)
        expect(atAlice[0]).to.include({ sender: bob.key, body: 'pong' })
        const byHttp = { recipient: bob.key, messageBox: 'live-box', body: 'by HTTP' }
        await alice.client.sendMessage(byHttp, host(ofAlice))
        await until('what came by HTTP', () => atBob.length === 2)
        expect(bodies(atBob)).to.deep.equal(['ping', 'by HTTP'])
        await listed(bob, 'live-box', 2)
        await bob.client.acknowledgeMessage({ messageIds: atBob.map(({ messageId }) => messageId), host: host(ofBob) })
        await bob.client.leaveRoom('live-box')
        expect([...bob.client.getJoinedRooms()]).to.deep.equal([])
      })

      it('falls back to HTTP when its socket is gone', async () => {
        const [alice, bob] = await pair()
        await alice.client.joinRoom('inbox')
        const socket = alice.client.testSocket
        socket?.disconnect()
        await until('the end of the socket', () => alice.client.testSocket === undefined || !socket?.connected)
        await alice.client.sendLiveMessage(
          { recipient: bob.key, messageBox: 'inbox', body: 'after all' },
          host(ofAlice),
        )
        expect(bodies(await listed(bob))).to.deep.equal(['after all'])
      })
    })
  }

  it('sets, shows and lists permissions, and is stopped by a block on both doors', async () => {
    const [alice, bob] = [await citizen('A'), await citizen('A')]
    const about = { recipient: bob.key, messageBox: 'inbox', sender: alice.key }
    expect(await bob.client.getMessageBoxPermission(about, host('A'))).to.equal(null)
    await bob.client.setMessageBoxPermission({ messageBox: 'inbox', sender: alice.key, recipientFee: -1 })
    expect(await bob.client.getMessageBoxPermission(about, host('A'))).to.include({
      recipientFee: -1,
      status: 'blocked',
    })
    const [rule] = await bob.client.listMessageBoxPermissions({ messageBox: 'inbox' })
    expect(rule).to.include({ sender: alice.key, messageBox: 'inbox', recipientFee: -1, status: 'blocked' })
    const quoted = { recipient: bob.key, messageBox: 'inbox' }
    expect(await alice.client.getMessageBoxQuote(quoted, host('A'))).to.deep.equal({
      ...{ recipientFee: -1, deliveryFee: 0, deliveryAgentIdentityKey: network.host('A').identityKey },
    })
    const several = await alice.client.getMessageBoxQuote({ ...quoted, recipient: [bob.key, alice.key] }, host('A'))
    expect(several).to.deep.include({ blockedRecipients: [bob.key] })
    for (const way of ['sendMessage', 'sendLiveMessage'] as const) {
      const refused = await alice.client[way]({ ...quoted, body: 'hello' }, host('A')).catch((error: unknown) => error)
      expect(refused).to.have.property('message').that.includes('403')
    }
    expect(await bob.client.listMessages({ messageBox: 'inbox' })).to.deep.equal([])
    await bob.client.denyNotificationsFromPeer(alice.key)
    expect(await bob.client.checkPeerNotificationStatus(alice.key, host('A'))).to.include({ status: 'blocked' })
    expect(await bob.client.listPeerNotifications()).to.have.length(1)
    await bob.client.allowNotificationsFromPeer(alice.key)
    await alice.client.sendNotification(bob.key, 'you have mail', host('A'))
    expect(bodies(await bob.client.listMessages({ messageBox: 'notifications' }))).to.deep.equal(['you have mail'])
  })

  it('sends one text to several at once, but to those who blocked the sender', async () => {
    const [alice, bob, carol] = [await citizen('A'), await citizen('A'), await citizen('A')]
    await carol.client.setMessageBoxPermission({ messageBox: 'inbox', sender: alice.key, recipientFee: -1 })
    const batch = { recipients: [bob.key, alice.key, carol.key], messageBox: 'inbox', body: 'to all' }
    const result = await alice.client.sendMesagetoRecepients(batch, host('A'))
    expect(result).to.deep.include({ status: 'success', blocked: [carol.key] })
    expect(result.sent.map(({ recipient }) => recipient)).to.deep.equal([bob.key, alice.key])
    for (const { client } of [alice, bob]) {
      const [message] = await client.listMessages({ messageBox: 'inbox' })
      expect(message?.body).to.equal('to all')
      expect(await client.acknowledgeNotification(message!)).to.equal(false)
      expect(await client.listMessages({ messageBox: 'inbox' })).to.deep.equal([])
    }
  })

  it('registers and lists devices', async () => {
    const alice = await user('A')
    const made = await alice.client.registerDevice({
      fcmToken: 'a-token-1234567890',
      platform: 'web',
      deviceId: 'laptop',
    })
    expect(made.status).to.equal('success')
    const [device] = await alice.client.listRegisteredDevices()
    expect(device).to.deep.include({ id: made.deviceId, deviceId: 'laptop', platform: 'web', active: true })
  })

  it('anoints a host on chain, finds the advert, and revokes it', async () => {
    const alice = await user('A')
    const anointed = 'https://relay.example'
    const { txid } = await alice.client.anointHost(anointed)
    const found = await until('the advert', async () => {
      const adverts = await alice.client.queryAdvertisements(alice.key)
      return adverts.length > 0 ? adverts : null
    })
    expect(found.map(({ host: url, txid: of }) => [url, of])).to.deep.equal([[anointed, txid]])
    expect(await alice.client.resolveHostForRecipient(alice.key)).to.equal(anointed)
    await alice.client.revokeHostAdvertisement(found[0]!)
    await until('the end of the advert', async () => (await alice.client.queryAdvertisements(alice.key)).length === 0)
    expect(await alice.client.resolveHostForRecipient(alice.key)).to.equal(host('A'))
  })
})
