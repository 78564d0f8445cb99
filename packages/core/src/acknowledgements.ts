import {
  RelayError,
  timeRefusal,
  verifyAcknowledgement,
  type IdentityKey,
  type SignatureVerifier,
  type SyncAcknowledgements,
} from '@overpost/protocol'
import type { Alarm } from './alarm.ts'
import type { Homes } from './homes.ts'
import type { Mailbox } from './mailbox.ts'
import type { AcknowledgementStore } from './ports/acknowledgement-store.ts'
import type { Clock } from './ports/clock.ts'
import type { MessageName } from './ports/mailbox-store.ts'
import type { Resolver } from './resolve-hosts.ts'
import type { SenderVouchers } from './sender-vouchers.ts'

export interface AcknowledgementsDeps {
  readonly store: Pick<AcknowledgementStore, 'acknowledgeElsewhere' | 'markElsewhere' | 'putPassage'>
  readonly mailbox: Pick<Mailbox, 'acknowledgeByName'>
  readonly homes: Pick<Homes, 'has'>
  readonly resolver: Pick<Resolver, 'cached'>
  readonly vouchers: Pick<SenderVouchers, 'check'>
  readonly verifier: SignatureVerifier
  readonly clock: Clock
  /** Rung when there is something to pass on. */
  readonly alarm: Pick<Alarm, 'ring'>
  readonly memoryDays: number
}

/**
 * What a user with several homes acknowledges at one of them, and what that does at the others (design section 2.9): their own
 * signature erases, a host's word only marks.
 */
export class Acknowledgements {
  readonly #deps: AcknowledgementsDeps

  constructor(deps: AcknowledgementsDeps) {
    this.#deps = deps
  }

  /**
   * The user acknowledges here. With their signature, or where other homes of theirs are known, that is passed on; what is to be
   * passed on is durable before anything is acknowledged. Resolves to how many waited here.
   * @throws {RelayError} ERR_SIGNATURE_INVALID, ERR_TOO_OLD
   */
  async acknowledge(sync: SyncAcknowledgements): Promise<number> {
    const { store, mailbox, clock, alarm } = this.#deps
    this.#check(sync)
    const { recipient, messages, acknowledgement } = sync
    if (acknowledgement === null && !this.#isReadElsewhere(recipient, messages)) {
      return await mailbox.acknowledgeByName(recipient, messages)
    }
    await store.putPassage(sync, clock.nowMs())
    alarm.ring()
    return await mailbox.acknowledgeByName(recipient, messages)
  }

  /**
   * Another host, or anybody who has the user's signature, tells what was acknowledged elsewhere.
   * @throws {RelayError} ERR_SIGNATURE_INVALID, ERR_TOO_OLD, ERR_TOO_EARLY, ERR_NOT_AUTHORIZED, ERR_RECIPIENT_NOT_HOSTED, ERR_UNAVAILABLE
   */
  async receive(caller: IdentityKey, sync: SyncAcknowledgements): Promise<{ acknowledged: number; marked: number }> {
    const { store, clock } = this.#deps
    this.#check(sync)
    const { recipient, messages, acknowledgement } = sync
    if (!(await this.#isHome(recipient, messages))) throw new RelayError('ERR_RECIPIENT_NOT_HOSTED')
    if (acknowledgement !== null) {
      const acknowledged = await store.acknowledgeElsewhere(recipient, messages, clock.nowMs())
      return { acknowledged, marked: 0 }
    }
    const verdict = await this.#deps.vouchers.check(caller, recipient)
    if (verdict === 'unknown') throw new RelayError('ERR_UNAVAILABLE')
    if (verdict === 'invalid') throw new RelayError('ERR_NOT_AUTHORIZED')
    return { acknowledged: 0, marked: await store.markElsewhere(recipient, messages) }
  }

  #check({ recipient, messages, acknowledgement }: SyncAcknowledgements): void {
    const { verifier, clock, memoryDays } = this.#deps
    if (acknowledgement === null) return
    const untimely = timeRefusal(acknowledgement.timestampMs, clock.nowMs(), memoryDays)
    if (untimely !== null) throw new RelayError(untimely)
    if (!verifyAcknowledgement(recipient, messages, acknowledgement, verifier)) {
      throw new RelayError('ERR_SIGNATURE_INVALID')
    }
  }

  #isReadElsewhere(user: IdentityKey, names: readonly MessageName[]): boolean {
    return names.some(({ box }) => (this.#deps.resolver.cached(user, box) ?? []).length > 0)
  }

  async #isHome(user: IdentityKey, names: readonly MessageName[]): Promise<boolean> {
    const boxes = [...new Set(names.map(({ box }) => box))]
    const answers = await Promise.all(boxes.map((box) => this.#deps.homes.has(user, box)))
    return answers.includes(true)
  }
}
