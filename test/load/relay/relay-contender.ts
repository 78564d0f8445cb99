import { randomBytes } from 'node:crypto'
import { nativeSignatureVerifier, type IdentityWallet } from '@overpost/auth'
import { signEnvelope, type BoxName, type IdentityKey, type MessageId } from '@overpost/protocol'
import { closedLoop } from '../closed-loop.ts'
import type { Contender } from '../contender.ts'
import type { NetworkHost } from '../network-process.ts'
import { BOX, sendBody, TEXT } from '../send-body.ts'
import type { SignedSend } from '../signed-send.ts'
import { PresigningSession } from './presign.ts'
import { newWallet, Recipients } from './recipients.ts'

export interface RelaySetup {
  /** Takes the sends. */
  readonly origin: NetworkHost
  /** The recipients' home; the same host when nothing is to be forwarded. */
  readonly home: NetworkHost
  readonly overlayUrl: string
  readonly senders: number
  readonly recipients: number
  /** Whether each message carries its sender's envelope: without one it is not forwarded. */
  readonly envelopes: boolean
}

interface Sender {
  readonly wallet: IdentityWallet
  readonly session: PresigningSession
}

/** Hosts of a network, with users of their own who have sessions and routes: one message to each recipient has arrived. */
export class RelayContender implements Contender {
  readonly name = 'ours'
  readonly origin: string
  readonly pids: readonly number[]
  readonly #setup: RelaySetup
  readonly #recipients: Recipients
  readonly #senders: readonly Sender[]
  readonly #hasher = nativeSignatureVerifier()
  #made = 0

  private constructor(setup: RelaySetup, recipients: Recipients) {
    const { origin, home } = setup
    this.#setup = setup
    this.#recipients = recipients
    this.origin = origin.url
    this.pids = [...new Set([origin.pid, home.pid])]
    this.#senders = Array.from({ length: setup.senders }, () => {
      const wallet = newWallet()
      return { wallet, session: new PresigningSession(wallet, origin.url) }
    })
  }

  static async start(setup: RelaySetup): Promise<RelayContender> {
    const recipients = new Recipients(setup.home.url, setup.overlayUrl, setup.recipients)
    await recipients.settle()
    const contender = new RelayContender(setup, recipients)
    await closedLoop(contender.origin, await contender.prepare(setup.recipients), 1)
    await recipients.waitFor(setup.recipients)
    return contender
  }

  async prepare(count: number): Promise<Buffer[]> {
    return (await this.requests(count)).map(({ bytes }) => bytes)
  }

  /** Signed sends, from the senders and to the recipients in turn. */
  async requests(count: number): Promise<SignedSend[]> {
    const requests: SignedSend[] = []
    for (let at = 0; at < count; at++) {
      const sender = this.#senders[at % this.#senders.length]!
      const recipient = this.#recipients.identityKeys[this.#made++ % this.#recipients.identityKeys.length]!
      const messageId = randomBytes(32).toString('hex')
      const envelope = this.#setup.envelopes ? await this.#sign(sender.wallet, recipient, messageId) : undefined
      const bytes = await sender.session.post('/sendMessage', sendBody({ recipient, messageId }, envelope))
      requests.push({ messageId, bytes })
    }
    return requests
  }

  arrived(): Promise<number> {
    return this.#recipients.arrived()
  }

  async #sign(wallet: IdentityWallet, recipient: string, messageId: string) {
    const message = {
      sender: wallet.identityKey,
      recipient: recipient as IdentityKey,
      box: BOX as BoxName,
      messageId: messageId as MessageId,
      body: TEXT,
    }
    const { timestampMs, signatureHex } = await signEnvelope(wallet, message, Date.now(), this.#hasher)
    return { timestamp: timestampMs, signature: signatureHex }
  }
}
