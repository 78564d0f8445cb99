import { ClientSession, fetchTransport, type SessionWallet, type Transport } from '@overpost/auth/session'
import {
  acknowledgeMessageAnswerSchema,
  boxNameSchema,
  bytesToHex,
  capabilityPath,
  defaultAuthorizationLifeMs,
  envelopeToJson,
  identityKeySchema,
  listMessagesAnswerSchema,
  messageStatusAnswerSchema,
  messageIdSchema,
  moveAnswerSchema,
  parseHostOrigin,
  publishWithdrawalAnswerSchema,
  sdkSignatureVerifier,
  sendMessageAnswerSchema,
  signAuthorization,
  signHandover,
  signWithdrawal,
  type AcknowledgedMessage,
  type Acknowledgement,
  type AcknowledgeMessageJson,
  type AuthorizationDates,
  type CapabilityDocument,
  type HostOrigin,
  type IdentityKey,
  type ListMessagesAnswer,
  type MessageId,
  type MoveJson,
  type SignatureVerifier,
} from '@overpost/protocol'
import * as z from 'zod'
import { authorizationRequest } from './authorization-request.ts'
import type { CipherWallet } from './body-cipher.ts'
import { callHost, type CallHost } from './call-host.ts'
import { withDeadline } from './deadline.ts'
import { DevicesClient } from './devices-client.ts'
import { fetchCapability } from './fetch-capability.ts'
import { follow, type FollowedMessage, type FollowOptions } from './follow.ts'
import { platformWebSocket, type OpenWebSocket } from './live-socket.ts'
import { readListedMessage, type ListedMessage } from './listed-message.ts'
import { readMessageStatus, type MessageStatus } from './message-status.ts'
import { PermissionsClient } from './permissions-client.ts'
import { prepareMessage, type OutgoingMessage, type PreparedMessage } from './prepare-message.ts'
import { RelayClientError } from './relay-client-error.ts'
import { publishWithdrawal, type WithdrawOptions, type Withdrawn } from './publish-withdrawal.ts'
import { pause, withRetries } from './with-retries.ts'

/** What the client asks of a wallet (BRC-100): any `WalletInterface`, `ProtoWallet`, or `IdentityWallet` of @overpost/auth. */
export type ClientWallet = SessionWallet & CipherWallet

export interface MessageBoxClientOptions {
  /** The user's own. */
  readonly wallet: ClientWallet
  /** The relay host's origin: `https://relay.example`. */
  readonly host: string
  /** Refuse to talk to a host with another identity key. */
  readonly expectedHostKey?: string
  /** For each call, handshake included; 30 s by default. */
  readonly timeoutMs?: number
  /** How a request reaches the host; `fetch` by default. */
  readonly transport?: Transport
  /**
   * How a live connection is opened; the platform's WebSocket by default. Node 20 has none: give it that of the package `ws`,
   * `(url) => new WebSocket(url)`. Without, boxes are followed by listing them every few seconds.
   */
  readonly openWebSocket?: OpenWebSocket
  /** Checks envelopes and documents; the SDK's by default. */
  readonly verifier?: SignatureVerifier
}

export interface CallOptions {
  readonly signal?: AbortSignal
}

/** What became of a message for one recipient. `duplicate`: the host had it already, and kept the first. */
export interface SentMessage {
  readonly recipient: IdentityKey
  readonly messageId: MessageId
  readonly duplicate: boolean
  /** By which {@link MessageBoxClient.status} knows it; null from hosts that give none. */
  readonly handle: string | null
}

export interface ListOptions extends CallOptions {
  readonly box: string
  /** Messages of one page, 1 to 1000; the host's own choice when left out. */
  readonly limit?: number
  /** From an earlier page. */
  readonly cursor?: string
  /** Ask for the senders' envelopes too, and verify them. */
  readonly withEnvelope?: boolean
}

export interface MessagePage {
  /** Oldest first. */
  readonly messages: readonly ListedMessage[]
  /** Where the next page begins; null when the host does not page. */
  readonly cursor: string | null
  readonly more: boolean
}

export interface AuthorizeOptions extends CallOptions {
  /** The boxes that the host is for, as a regular expression (RE2, unanchored); all when left out. */
  readonly pattern?: string
  /** How long it holds; 90 days by default, 400 at most. */
  readonly lifeMs?: number
}

/** How far a move is. */
export interface MoveProgress {
  /** Messages that still wait at the host that was left. */
  readonly waiting: number
  readonly done: boolean
}

/** What the user allowed. */
export interface Authorized {
  readonly hostKey: IdentityKey
  readonly origin: HostOrigin
  readonly pattern: string | null
  readonly dates: AuthorizationDates
}

/** What names one message among all of its reader's. */
export interface MessageNames {
  readonly box: string
  readonly sender: string
  readonly messageId: string
}

export interface AcknowledgeOptions extends CallOptions {
  /** The user's signature over these messages, for their other homes: the host passes it on ({@link HomesClient}). */
  readonly acknowledgement?: Acknowledgement
}

const mostAttempts = 3
const moveEveryMs = 500
const okSchema = z.object({ status: z.literal('success') })

/**
 * A user's way to a relay host (BRC-33, BRC-34), in browsers and in Node. Every call ends within `timeoutMs` and with its
 * signal, and rejects with a {@link RelayClientError}; arguments of the wrong form reject with a zod error before any call.
 */
export class MessageBoxClient {
  readonly host: HostOrigin
  readonly permissions: PermissionsClient
  readonly devices: DevicesClient
  readonly #wallet: ClientWallet
  readonly #session: ClientSession
  readonly #transport: Transport
  readonly #openWebSocket: OpenWebSocket | null
  readonly #verifier: SignatureVerifier
  readonly #timeoutMs: number
  readonly #expectedHostKey: IdentityKey | null
  #identityKey: Promise<IdentityKey> | null = null

  /** @throws {RangeError} when `host` is not an origin */
  constructor(options: MessageBoxClientOptions) {
    const { wallet, host, expectedHostKey, transport = fetchTransport(), timeoutMs = 30_000 } = options
    const origin = parseHostOrigin(host, { allowHttp: true })
    if (origin === null) throw new RangeError(`${host} is not the origin of a host, such as https://relay.example`)
    this.host = origin
    this.#wallet = wallet
    this.#transport = transport
    this.#openWebSocket = options.openWebSocket ?? platformWebSocket()
    this.#timeoutMs = timeoutMs
    this.#verifier = options.verifier ?? sdkSignatureVerifier()
    this.#expectedHostKey = expectedHostKey === undefined ? null : identityKeySchema.parse(expectedHostKey)
    this.#session = new ClientSession({ wallet, origin, expectedHostKey: this.#expectedHostKey, transport })
    const call: CallHost = (made, { signal }) => callHost(this.#session, made, { timeoutMs, signal })
    this.permissions = new PermissionsClient(call)
    this.devices = new DevicesClient(call)
  }

  /** The user's own key. */
  identityKey(): Promise<IdentityKey> {
    this.#identityKey ??= this.#wallet
      .getPublicKey({ identityKey: true })
      .then(({ publicKey }) => identityKeySchema.parse(publicKey))
    return this.#identityKey
  }

  /** Names and signs a message, to be kept and sent later, any number of times: it arrives once. No network. */
  async prepare(message: OutgoingMessage): Promise<PreparedMessage> {
    const sender = await this.identityKey()
    return prepareMessage(message, { wallet: this.#wallet, sender, hasher: this.#verifier, nowMs: Date.now() })
  }

  /**
   * Sends a message, encrypted, with the sender's envelope; resolves when it is on the host's disk. Tries three times, each within
   * the time for a call, with the same id and the same envelope: so it arrives once, whether or not an answer was lost. Of several
   * recipients each has a request of their own: when one is refused, the others' may have gone; send the same again.
   */
  async send(message: OutgoingMessage | PreparedMessage, { signal }: CallOptions = {}): Promise<SentMessage[]> {
    const { requests } = 'requests' in message ? message : await this.prepare(message)
    const sent: SentMessage[] = []
    for (const request of requests) {
      const { results } = await withRetries({ attempts: mostAttempts, signal }, () =>
        this.#post('/sendMessage', request, sendMessageAnswerSchema, signal),
      )
      sent.push(...results.map(({ duplicate = false, handle = null, ...named }) => ({ ...named, duplicate, handle })))
    }
    return sent
  }

  /** What became of messages that one sent to this host, by their handles, in order: at most 100. */
  async status(handles: readonly string[], { signal }: CallOptions = {}): Promise<MessageStatus[]> {
    if (handles.length === 0) return []
    const { results } = await this.#ask('/messageStatus', { handles }, messageStatusAnswerSchema, signal)
    const sender = await this.identityKey()
    const known = { sender, originHost: this.#session.hostKey, verifier: this.#verifier }
    return results.map((result) => readMessageStatus(result, known))
  }

  /** One page of a box of one's own. Asks again when the connection breaks, as it does when a host starts anew. */
  async list({ box, limit, cursor, withEnvelope = false, signal }: ListOptions): Promise<MessagePage> {
    const messageBox = boxNameSchema.parse(box)
    const request = {
      messageBox,
      ...(limit === undefined ? {} : { limit }),
      ...(cursor === undefined ? {} : { cursor }),
      ...(withEnvelope ? { envelope: true } : {}),
    }
    const answer = await this.#ask('/listMessages', request, listMessagesAnswerSchema, signal)
    return {
      messages: await Promise.all(answer.messages.map((item) => this.#read(item, { box, withEnvelope }))),
      cursor: answer.cursor ?? null,
      more: answer.more ?? false,
    }
  }

  /** All messages of a box, oldest first, page by page as they are read. */
  async *listAll(options: ListOptions): AsyncGenerator<ListedMessage, void, void> {
    let page = await this.list(options)
    for (;;) {
      yield* page.messages
      if (!page.more || page.cursor === null) return
      page = await this.list({ ...options, cursor: page.cursor })
    }
  }

  /**
   * The messages of a box as they come, oldest first, each once, over a live connection that is made again when it breaks. What was shown waits until it is
   * acknowledged. Ends when the signal aborts. @throws {RelayClientError} what will not be better later
   */
  follow(options: FollowOptions): AsyncGenerator<FollowedMessage, void, void> {
    return follow(options, {
      origin: this.host,
      wallet: this.#wallet,
      timeoutMs: this.#timeoutMs,
      openWebSocket: this.#openWebSocket,
      hostKey: () => this.#session.hostKey,
      pinHostKey: (shown) => this.#session.pinHostKey(shown),
      list: (page) => this.list(page),
      read: (item) => this.#read(item, options),
    })
  }

  /** Removes messages from one's boxes; resolves to how many there were. Those that are gone already count for nothing. */
  async acknowledge(
    messages: readonly MessageNames[],
    { signal, acknowledgement }: AcknowledgeOptions = {},
  ): Promise<number> {
    if (messages.length === 0) return 0
    const named = messages.map(toNamed).map(({ box, ...names }) => ({ messageBox: box, ...names }))
    const request: AcknowledgeMessageJson = {
      messages: named,
      ...(acknowledgement === undefined ? {} : { acknowledgement: envelopeToJson(acknowledgement) }),
    }
    try {
      const answer = await this.#post('/acknowledgeMessage', request, acknowledgeMessageAnswerSchema, signal)
      return answer.acknowledged ?? named.length
    } catch (error) {
      if (error instanceof RelayClientError && error.code === 'ERR_INVALID_ACKNOWLEDGMENT') return 0
      throw error
    }
  }

  /**
   * Allows this host to take one's messages, from now on: what others then find on chain (BRC-34, PHIP2). Key and origin are
   * those that the host signs in its capability document, and the host proves the same key when it takes the call.
   */
  async authorizeRouting({ pattern, lifeMs, signal }: AuthorizeOptions = {}): Promise<Authorized> {
    const { identityKey: hostKey, origin } = await this.capability(callOptions(signal))
    const issuedAtMs = Date.now()
    const dates = { issuedAtMs, expiresAtMs: issuedAtMs + (lifeMs ?? defaultAuthorizationLifeMs) }
    const userKey = await this.identityKey()
    const terms = { userKey, hostKey, origin, pattern: pattern ?? null, dates }
    const request = authorizationRequest(await signAuthorization(this.#wallet, terms))
    await this.#post('/authorizeRouting', request, okSchema, signal)
    if (this.#session.hostKey !== hostKey) throw new RelayClientError('ERR_WRONG_HOST', `${origin} shows two keys`)
    return { hostKey, origin, pattern: terms.pattern, dates }
  }

  /** Takes the permission back. @throws {RelayClientError} ERR_NOT_AUTHORIZED when the host has none. */
  async revokeRouting({ signal }: CallOptions = {}): Promise<void> {
    await this.#post('/revokeRouting', {}, okSchema, signal)
  }

  /**
   * Takes back what one allowed a host, or all hosts, before now. This host, which need not be the one meant, puts that on chain, where
   * every sender's host finds it. Resolves when this host keeps it, with the transaction if it was made within `waitMs`.
   */
  async withdraw(hostKey: string, { waitMs = 0, signal }: WithdrawOptions = {}): Promise<Withdrawn> {
    const target = hostKey === 'ALL' ? hostKey : identityKeySchema.parse(hostKey)
    const withdrawal = await signWithdrawal(this.#wallet, {
      userKey: await this.identityKey(),
      hostKey: target,
      atMs: Date.now(),
    })
    return await publishWithdrawal(withdrawal, { waitMs, signal }, (request) =>
      this.#post('/publishWithdrawal', request, publishWithdrawalAnswerSchema, signal),
    )
  }

  /**
   * Moves to the host with that key, which one must have authorised already: this host's permission ends at once, and what waits here is handed over.
   * Yields how much still waits here, until that is done; what the other host will not take stays here. The host goes on by itself when this is not read on.
   */
  async *move(to: string, { signal }: CallOptions = {}): AsyncGenerator<MoveProgress, void, void> {
    const { identityKey: from } = await this.capability(callOptions(signal))
    const terms = { userKey: await this.identityKey(), from, to: identityKeySchema.parse(to), atMs: Date.now() }
    const { atMs, signature } = await signHandover(this.#wallet, terms)
    const request = { from, to: terms.to, atMs, signature: bytesToHex(signature) } satisfies MoveJson
    for (;;) {
      const { waiting, done } = await withRetries({ attempts: mostAttempts, signal }, () =>
        this.#post('/revokeRouting', request, moveAnswerSchema, signal),
      )
      yield { waiting, done }
      if (done) return
      await pause(moveEveryMs, signal)
    }
  }

  /** What the host says of itself, its signature verified. @throws {RelayClientError} ERR_WRONG_HOST, ERR_INVALID_ANSWER */
  async capability({ signal }: CallOptions = {}): Promise<CapabilityDocument> {
    const { host: origin } = this
    const document = await withDeadline({ timeoutMs: this.#timeoutMs, signal }, `GET ${capabilityPath}`, (deadline) =>
      fetchCapability(this.#transport, { origin, verifier: this.#verifier, signal: deadline }),
    )
    if (this.#expectedHostKey !== null && document.identityKey !== this.#expectedHostKey) {
      throw new RelayClientError('ERR_WRONG_HOST', `${origin} has the key ${document.identityKey}`)
    }
    return document
  }

  async #read(
    item: ListMessagesAnswer['messages'][number],
    { box, withEnvelope = false }: FollowOptions,
  ): Promise<ListedMessage> {
    return await readListedMessage(item, {
      wallet: this.#wallet,
      recipient: await this.identityKey(),
      box: boxNameSchema.parse(box),
      verifier: withEnvelope ? this.#verifier : null,
    })
  }

  /** A call that changes nothing at the host. */
  #ask<Schema extends z.ZodType>(
    path: string,
    body: object,
    schema: Schema,
    signal: AbortSignal | undefined,
  ): Promise<z.output<Schema>> {
    const isWorthIt = ({ code }: RelayClientError): boolean => code === 'ERR_UNREACHABLE'
    return withRetries({ attempts: mostAttempts, signal, isWorthIt }, () => this.#post(path, body, schema, signal))
  }

  #post<Schema extends z.ZodType>(
    path: string,
    body: object,
    schema: Schema,
    signal: AbortSignal | undefined,
  ): Promise<z.output<Schema>> {
    return callHost(this.#session, { method: 'POST', path, body, schema }, { timeoutMs: this.#timeoutMs, signal })
  }
}

function callOptions(signal: AbortSignal | undefined): CallOptions {
  return signal === undefined ? {} : { signal }
}

/** @throws {z.ZodError} a name is not of the right form */
export function toNamed({ box, sender, messageId }: MessageNames): AcknowledgedMessage {
  return {
    box: boxNameSchema.parse(box),
    sender: identityKeySchema.parse(sender),
    messageId: messageIdSchema.parse(messageId),
  }
}
