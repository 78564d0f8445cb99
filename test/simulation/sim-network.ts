import { IdentityWallet, nativeSignatureVerifier, RequestVerifier } from '@overpost/auth'
import { signedSend } from '@overpost/auth/testing'
import {
  AgeClock,
  Alarm,
  Homes,
  HostLogs,
  Mailbox,
  Permissions,
  ProofPolicies,
  Resolver,
  Router,
  runOutboxLanes,
  runResends,
  SenderVouchers,
  statusOf,
  tellSenders,
  type CallAnswer,
  type CoreEvents,
  type Destination,
  type DirectoryAnswer,
  type DirectoryEntry,
  type Incoming,
  type OutboxOptions,
  type Parcel,
  type Random,
  type Store,
} from '@overpost/core'
import { ManualClock, seededRandom } from '@overpost/core/testing'
import {
  createPhipTokenScript,
  deliveryFailuresBox,
  errorTable,
  parseDeliveryFailure,
  signAuthorization,
  signEnvelope,
  type BoxName,
  type DeliveryFailure,
  type HostOrigin,
  type IdentityKey,
  type MessageId,
  type Outpoint,
} from '@overpost/protocol'
import { SealedHandles } from '@overpost/host'
import { openStore } from '@overpost/store'

const verifier = nativeSignatureVerifier()
const dayMs = 86_400_000
const hourMs = 3_600_000
const outboxOptions: OutboxOptions = {
  lanes: 4,
  maxMessages: 100,
  maxBytes: 1_048_576,
  gatherMs: 0,
  backoff: { baseMs: 1_000, mostMs: 60_000 },
  unroutedBackoff: { baseMs: 60_000, mostMs: 3_600_000 },
  ageLimitMs: 5 * dayMs,
}

/** A person with a key. */
export interface SimUser {
  readonly wallet: IdentityWallet
  readonly key: IdentityKey
}

export function simUser(fill: number): SimUser {
  const wallet = new IdentityWallet(Buffer.alloc(32, fill).toString('hex'))
  return { wallet, key: wallet.identityKey }
}

/** What the wire between two hosts does to a call. `answer lost`: the other host has stored it, but nobody hears so. */
export type WireFault = 'none' | 'refused' | 'answer lost' | CallAnswer

/** Hosts of the real core code in one process, over a wire, a directory and a clock that the test moves. */
export class SimNetwork implements AsyncDisposable {
  readonly clock = new ManualClock(Date.UTC(2026, 0, 1))
  readonly ages = new AgeClock(this.clock)
  readonly random: Random
  readonly hosts = new Map<string, SimHost>()
  /** What the overlay knows. */
  readonly tokens: { entry: DirectoryEntry; user: IdentityKey }[] = []
  /** What every look-up does, in place of answering from {@link tokens}. */
  lookup: ((user: IdentityKey) => Promise<DirectoryAnswer>) | null = null
  lookups = 0
  /** Decides what happens to each call. */
  wire: (from: string, to: string) => WireFault = () => 'none'

  constructor(seed = 1) {
    this.random = seededRandom(seed)
  }

  async addHost(name: string, fill: number): Promise<SimHost> {
    const host = await SimHost.open(this, name, simUser(fill))
    this.hosts.set(name, host)
    return host
  }

  /** `user` authorises `host`, and the host's token is in the overlay. Resolves to the entry. */
  async authorize(
    user: SimUser,
    host: SimHost,
    { pattern = null, lifeMs = 90 * dayMs }: { pattern?: string | null; lifeMs?: number } = {},
  ): Promise<{ entry: DirectoryEntry; user: IdentityKey }> {
    const issuedAtMs = this.clock.nowMs()
    const authorization = await signAuthorization(user.wallet, {
      userKey: user.key,
      hostKey: host.user.key,
      origin: host.origin,
      pattern,
      dates: { issuedAtMs, expiresAtMs: issuedAtMs + lifeMs },
    })
    await host.store.authorizations.put(authorization, issuedAtMs)
    const script = await createPhipTokenScript(host.user.wallet, authorization)
    const outpoint = `${this.tokens.length.toString(16).padStart(64, '0')}.0` as Outpoint
    const token = { entry: { outpoint, script, spent: false }, user: user.key }
    this.tokens.push(token)
    return token
  }

  /** `user` leaves `host`, which spends its token. */
  async revoke(user: SimUser, host: SimHost, token: { entry: DirectoryEntry; user: IdentityKey }): Promise<void> {
    await host.store.authorizations.revoke(user.key, this.clock.nowMs())
    this.spend(token)
  }

  spend(token: { entry: DirectoryEntry }): void {
    token.entry = { ...token.entry, spent: true }
  }

  find(user: IdentityKey): Promise<DirectoryAnswer> {
    this.lookups += 1
    if (this.lookup !== null) return this.lookup(user)
    const entries = this.tokens.filter((token) => token.user === user).map(({ entry }) => entry)
    return Promise.resolve({ kind: 'answered', entries })
  }

  async propagate(from: SimHost, to: Destination, parcels: readonly Parcel[]): Promise<CallAnswer> {
    const host = [...this.hosts.values()].find(({ origin }) => origin === to.origin)
    const fault = this.wire(from.name, host?.name ?? '')
    if (typeof fault === 'object') return fault
    if (fault === 'refused' || host === undefined) return { kind: 'unreachable', reason: 'connection refused' }
    if (host.user.key !== to.hostKey) return { kind: 'unreachable', reason: 'another key answered' }
    const incoming = await Promise.all(parcels.map((parcel) => toIncoming(parcel, from.user, to)))
    const received = await host.router.receive(from.user.key, incoming)
    if (fault === 'answer lost') return { kind: 'unreachable', reason: 'connection reset' }
    return {
      kind: 'answered',
      log: host.store.mailboxes.incarnation,
      answers: received.map((one) =>
        one.kind === 'stored'
          ? { ...one, receipt: null }
          : { kind: 'refused', status: errorTable[one.code][0], code: one.code },
      ),
    }
  }

  /** Moves time in small steps, so that what falls due on the way is done on the way. */
  async advance(totalMs: number, stepMs = 500): Promise<void> {
    for (let passedMs = 0; passedMs < totalMs; passedMs += stepMs) {
      this.#pass(Math.min(stepMs, totalMs - passedMs))
      await this.settle()
    }
  }

  /** Time that passes is no leap of the clock, however long the step. */
  #pass(ms: number): void {
    for (let leftMs = ms; leftMs > 0; leftMs -= 60_000) {
      this.clock.advance(Math.min(60_000, leftMs))
      this.ages.nowMs()
    }
  }

  /** Lets everything that can go on go on. Nothing here waits for the real world, so some turns of the loop are enough. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 30; turn += 1) await new Promise<void>((resolve) => setImmediate(resolve))
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const host of this.hosts.values()) await host[Symbol.asyncDispose]()
  }
}

/** With the strongest proof that there is, as the real link sends it. */
async function toIncoming({ message, forwardId, again }: Parcel, from: SimUser, to: Destination): Promise<Incoming> {
  const { envelope, request, ...named } = message
  const rest = again === true ? { ...named, again } : named
  if (envelope !== null) return { ...rest, forwardId, proof: { kind: 'envelope', envelope } }
  if (request === null) return { ...rest, forwardId, proof: { kind: 'host' } }
  const hash = from.wallet.linkageName(message.sender)
  const revelation = await from.wallet.revealLinkage(message.sender, to.hostKey)
  const proof = { kind: 'brc94', request, signedId: message.messageId, linkage: { hash, revelation } } as const
  return { ...rest, forwardId, proof }
}

export class SimHost implements AsyncDisposable {
  readonly name: string
  readonly user: SimUser
  readonly origin: HostOrigin
  readonly store: Store
  readonly mailbox: Mailbox
  readonly router: Router
  readonly resolver: Resolver
  readonly outboxAlarm: Alarm
  readonly handles: SealedHandles
  readonly events: { name: keyof CoreEvents; event: object }[] = []
  readonly #stop = new AbortController()
  readonly #noticesAlarm: Alarm
  readonly #resendAlarm: Alarm
  readonly #loops: Promise<void>[]
  readonly #network: SimNetwork

  static async open(network: SimNetwork, name: string, user: SimUser): Promise<SimHost> {
    return new SimHost(network, name, user, await openStore({ kind: 'memory', nowMs: () => network.clock.nowMs() }))
  }

  private constructor(network: SimNetwork, name: string, user: SimUser, store: Store) {
    this.#network = network
    this.name = name
    this.user = user
    this.origin = `https://${name}.example` as HostOrigin
    this.store = store
    const { clock, random } = network
    const tell =
      (event: keyof CoreEvents) =>
      (details: object): void => {
        this.events.push({ name: event, event: details })
      }
    const events: CoreEvents = {
      accepted: tell('accepted'),
      received: tell('received'),
      returned: tell('returned'),
      resent: tell('resent'),
      delayed: tell('delayed'),
      overQuota: tell('overQuota'),
      pruned: tell('pruned'),
      traced: () => undefined,
      delivered: tell('delivered'),
      attemptFailed: tell('attemptFailed'),
      parcelFailed: tell('parcelFailed'),
      rerouted: tell('rerouted'),
      routed: tell('routed'),
      lookupFailed: tell('lookupFailed'),
      feedFailed: tell('feedFailed'),
      published: tell('published'),
      budgetUsed: tell('budgetUsed'),
      handedOver: tell('handedOver'),
      pushed: tell('pushed'),
      roundFailed: (fault) => {
        throw fault.error
      },
    }
    const homes = new Homes(store.authorizations, clock)
    this.mailbox = new Mailbox(store.mailboxes)
    this.outboxAlarm = new Alarm(clock)
    this.handles = new SealedHandles(user.wallet, store.mailboxes.incarnation)
    this.resolver = new Resolver(
      { directory: { find: (of) => network.find(of) }, verifier, clock, ownKey: user.key },
      { positiveMs: 60_000, negativeMs: 10_000, allowHttp: false },
    )
    const { resolver, mailbox, outboxAlarm } = this
    this.router = new Router({
      ...{
        store: store.mailboxes,
        homes,
        rules: { refuses: () => false },
        permissions: new Permissions(store.permissions, clock),
        resolver,
        mailbox,
        outboxAlarm,
        handles: this.handles,
        verifier,
        requests: new RequestVerifier(user.wallet),
        vouchers: new SenderVouchers(resolver),
        policies: new ProofPolicies(store.proofPolicies, []),
        clock,
        random,
        events,
        memoryDays: 7,
      },
    })
    const link = {
      propagate: (to: Destination, parcels: readonly Parcel[]) => network.propagate(this, to, parcels),
    }
    const outbox = store.outbox
    this.#noticesAlarm = new Alarm(clock)
    this.#resendAlarm = new Alarm(clock)
    const resendAlarm = { alarm: this.#resendAlarm }
    const hostLogs = new HostLogs({ store: store.resends, clock, events, ...resendAlarm })
    const alarms = { outboxAlarm, noticesAlarm: this.#noticesAlarm }
    const shared = { ...{ outbox, resolver, homes, clock, ages: network.ages, random, events }, ...alarms }
    this.#loops = [
      runOutboxLanes(
        { ...shared, hostLogs, link, verifier, alarm: outboxAlarm, options: outboxOptions },
        this.#stop.signal,
      ),
      runResends({ store: store.resends, outboxAlarm, clock, events, ...resendAlarm }, this.#stop.signal),
      tellSenders(
        {
          ...{
            ...shared,
            mailbox,
            handles: this.handles,
            hasher: verifier,
            hostKey: user.key,
            alarm: this.#noticesAlarm,
          },
          sign: (message, timestampMs) => signEnvelope(user.wallet, message, timestampMs),
          options: { ageLimitMs: outboxOptions.ageLimitMs, delayNoticeMs: 4 * hourMs, everyMs: 60_000 },
        },
        this.#stop.signal,
      ),
    ]
  }

  /** Sends with an envelope of the sender, as our client does; `request`: or with no more than the request, as others do. */
  async send(
    sender: SimUser,
    recipient: SimUser,
    text: string,
    {
      box = 'inbox',
      messageId = `id of ${text}`,
      proof = 'envelope',
    }: { box?: string; messageId?: string; proof?: 'envelope' | 'forged' | 'request' | 'none' } = {},
  ): Promise<{ duplicate: boolean; handle: string }> {
    const message = {
      sender: sender.key,
      recipient: recipient.key,
      box: box as BoxName,
      messageId: messageId as MessageId,
      body: text,
    }
    const nowMs = this.#network.clock.nowMs()
    const covered = proof === 'forged' ? { ...message, body: 'another' } : message
    const isSigned = proof === 'envelope' || proof === 'forged'
    const signed = isSigned ? await signEnvelope(sender.wallet, covered, nowMs) : null
    const { recipient: to, box: messageBox } = message
    const body = { message: { recipient: to, messageBox, messageId, body: text } }
    const signedRequest = () => signedSend(sender.wallet, this.user.key, body)
    const [accepted] = await this.router.accept({
      ...{ sender: sender.key, box: message.box, contentType: 'text/plain', body: text },
      recipients: [{ recipient: recipient.key, messageId: message.messageId, envelope: signed }],
      ...(proof === 'request' ? { signedRequest } : {}),
    })
    if (accepted === undefined) throw new Error('no outcome')
    return accepted
  }

  /** The bodies in a box, oldest first. */
  async bodies(owner: SimUser, box = 'inbox'): Promise<string[]> {
    const page = { cursor: null, limit: 10_000, maxBytes: 100_000_000, withProofs: false }
    const { messages } = await this.mailbox.list({ owner: owner.key, box: box as BoxName }, page)
    return messages.map(({ body }) => body)
  }

  /** What this host says of messages of `sender`. */
  async states(sender: SimUser, handles: readonly string[]): Promise<string[]> {
    const found = await statusOf(sender.key, handles, { handles: this.handles, records: this.store.records })
    return found.map((status) =>
      status.kind === 'record' ? status.record.state : status.kind === 'ended' ? status.state : status.kind,
    )
  }

  /** What hosts told `owner` of messages that could not be delivered, oldest first. */
  async notices(owner: SimUser): Promise<DeliveryFailure[]> {
    return (await this.bodies(owner, deliveryFailuresBox)).flatMap((body) => parseDeliveryFailure(body) ?? [])
  }

  /** How often an event happened. */
  count(name: keyof CoreEvents): number {
    return this.events.filter((event) => event.name === name).length
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort()
    this.outboxAlarm.ring()
    this.#noticesAlarm.ring()
    this.#resendAlarm.ring()
    await Promise.all(this.#loops)
    await this.store[Symbol.asyncDispose]()
  }
}
