import type { TopicManager } from '@bsv/overlay'
import { Transaction, type AdmittanceInstructions } from '@bsv/sdk'

type MetaData = Awaited<ReturnType<TopicManager['getMetaData']>>

export interface TokenTopic {
  /** Decides by the script alone: never by time, order, or what else is known (decision 5). */
  readonly isToken: (script: Uint8Array) => boolean
  readonly metaData: MetaData
  readonly documentation: string
}

/** A topic that admits each output that is a token of its kind, and retains nothing. */
export class TokenTopicManager implements TopicManager {
  readonly #topic: TokenTopic

  constructor(topic: TokenTopic) {
    this.#topic = topic
  }

  isToken(script: Uint8Array): boolean {
    return this.#topic.isToken(script)
  }

  identifyAdmissibleOutputs(beef: number[]): Promise<AdmittanceInstructions> {
    const { outputs } = Transaction.fromBEEF(beef)
    const outputsToAdmit = outputs.flatMap(({ lockingScript }, index) =>
      this.isToken(Uint8Array.from(lockingScript.toBinary())) ? [index] : [],
    )
    return Promise.resolve({ outputsToAdmit, coinsToRetain: [] })
  }

  /** A token stands for itself: no history is needed. */
  identifyNeededInputs(): Promise<{ txid: string; outputIndex: number }[]> {
    return Promise.resolve([])
  }

  getDocumentation(): Promise<string> {
    return Promise.resolve(this.#topic.documentation)
  }

  getMetaData(): Promise<MetaData> {
    return Promise.resolve({ ...this.#topic.metaData })
  }
}
