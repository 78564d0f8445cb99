import { sdkSignatureVerifier, signAcknowledgement, type HostOrigin } from '@overpost/protocol'
import { followHomes, type FollowedHomesMessage, type FollowHomesOptions } from './follow-homes.ts'
import type { ListedMessage } from './listed-message.ts'
import {
  MessageBoxClient,
  toNamed,
  type CallOptions,
  type ListOptions,
  type MessageBoxClientOptions,
  type MessageNames,
} from './message-box-client.ts'

export interface HomesClientOptions extends Omit<MessageBoxClientOptions, 'host' | 'expectedHostKey'> {
  /** The user's homes, at least one. */
  readonly hosts: readonly Pick<MessageBoxClientOptions, 'host' | 'expectedHostKey'>[]
}

/** A message that waits at one home of the user or at several. */
export interface MergedMessage extends ListedMessage {
  readonly hosts: readonly HostOrigin[]
}

/** A home that did not answer, or refused. */
export interface FailedHome {
  readonly host: HostOrigin
  readonly error: unknown
}

/**
 * The mail of a user with several homes, as one: each message is shown once, and acknowledged everywhere. A home that is down is told
 * of by the others when it is back, as what is acknowledged is signed by the user (docs/specs/sync-acknowledgements.md).
 */
export class HomesClient {
  readonly homes: readonly MessageBoxClient[]
  readonly #options: HomesClientOptions

  /** @throws {RangeError} without hosts, or when one is not an origin */
  constructor(options: HomesClientOptions) {
    if (options.hosts.length === 0) throw new RangeError('a user has at least one home')
    const verifier = options.verifier ?? sdkSignatureVerifier()
    this.#options = { ...options, verifier }
    this.homes = options.hosts.map((host) => new MessageBoxClient({ ...options, verifier, ...host }))
  }

  /**
   * All that waits in a box at the homes that answer, oldest first, and the homes that do not.
   * @throws what the first home said, when none answers
   */
  async list(
    options: Omit<ListOptions, 'cursor'>,
  ): Promise<{ readonly messages: readonly MergedMessage[]; readonly failed: readonly FailedHome[] }> {
    const { answered, failed } = await this.#askAll(async (home) => {
      const messages: ListedMessage[] = []
      for await (const message of home.listAll(options)) messages.push(message)
      return messages
    })
    const merged = new Map<string, MergedMessage>()
    for (const { host, value: messages } of answered) {
      for (const message of messages) {
        const key = JSON.stringify([message.box, message.sender, message.messageId])
        const known = merged.get(key)
        merged.set(key, known === undefined ? { ...message, hosts: [host] } : join(known, message, host))
      }
    }
    const ofTime = (message: MergedMessage): number => message.receivedAtMs ?? Infinity
    return { messages: [...merged.values()].sort((a, b) => ofTime(a) - ofTime(b)), failed }
  }

  /** The messages of a box at all homes as they come, each once ({@link followHomes}). */
  follow(options: FollowHomesOptions): AsyncGenerator<FollowedHomesMessage, void, void> {
    return followHomes(this.homes, options)
  }

  /**
   * Acknowledges messages at every home that answers, signed for the others.
   * @throws what the first home said, when none answers: then nothing is acknowledged
   */
  async acknowledge(
    messages: readonly MessageNames[],
    { signal }: CallOptions = {},
  ): Promise<{ readonly failed: readonly FailedHome[] }> {
    const { wallet, verifier } = this.#options
    const [first] = this.homes
    if (messages.length === 0 || first === undefined) return { failed: [] }
    const named = messages.map(toNamed)
    const user = await first.identityKey()
    const acknowledgement = await signAcknowledgement(wallet, user, named, Date.now(), verifier)
    const limits = signal === undefined ? {} : { signal }
    const { failed } = await this.#askAll((home) => home.acknowledge(messages, { ...limits, acknowledgement }))
    return { failed }
  }

  async #askAll<T>(ask: (home: MessageBoxClient) => Promise<T>): Promise<{
    answered: { host: HostOrigin; value: T }[]
    failed: FailedHome[]
  }> {
    const settled = await Promise.allSettled(this.homes.map(ask))
    const answered: { host: HostOrigin; value: T }[] = []
    const failed: FailedHome[] = []
    for (const [index, home] of this.homes.entries()) {
      const outcome = settled[index]
      if (outcome?.status === 'fulfilled') answered.push({ host: home.host, value: outcome.value })
      else failed.push({ host: home.host, error: outcome?.reason })
    }
    if (answered.length === 0) throw failed[0]?.error
    return { answered, failed }
  }
}

/** The copy whose sender is proven better stands for both; the user read it when any home knows so. */
function join(known: MergedMessage, message: ListedMessage, host: HostOrigin): MergedMessage {
  const better = known.verified !== true && message.verified === true ? message : known
  return {
    ...better,
    acknowledgedElsewhere: known.acknowledgedElsewhere || message.acknowledgedElsewhere,
    hosts: [...known.hosts, host],
  }
}
