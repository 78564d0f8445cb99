import {
  operatorAnswers,
  operatorPaths,
  parseHostOrigin,
  type OperatorAnswer,
  type OperatorCall,
  type OperatorRequest,
} from '@overpost/protocol'
import { parseJson, refusal } from './call-host.ts'
import { withDeadline } from './deadline.ts'
import { RelayClientError } from './relay-client-error.ts'

export interface OperatorClientOptions {
  /** The relay host's origin: `https://relay.example`. */
  readonly host: string
  /** What `operator.token` of the host's configuration says. Goes over the connection as it is: use https, or this machine. */
  readonly token: string
  /** How long each call may take. Default 30 s. */
  readonly timeoutMs?: number
  readonly fetch?: typeof fetch
}

/** An operator's look into a host's queue, and hand in it (docs/specs/operator-api.md). Calls throw {@link RelayClientError}. */
export class OperatorClient {
  readonly host: string
  readonly #token: string
  readonly #timeoutMs: number
  readonly #fetch: typeof fetch

  /** @throws {TypeError} when `host` is no origin */
  constructor({ host, token, timeoutMs = 30_000, fetch: fetchWith = fetch }: OperatorClientOptions) {
    const origin = parseHostOrigin(host, { allowHttp: true })
    if (origin === null) throw new TypeError(`${host} is no origin of a host`)
    this.host = origin
    this.#token = token
    this.#timeoutMs = timeoutMs
    this.#fetch = fetchWith
  }

  /** Makes one call. What it takes and answers is in `operatorRequests` and `operatorAnswers` of the protocol. */
  async call<Call extends OperatorCall>(
    call: Call,
    request: OperatorRequest<Call>,
    { signal }: { signal?: AbortSignal } = {},
  ): Promise<OperatorAnswer<Call>> {
    const path = operatorPaths[call]
    return await withDeadline({ timeoutMs: this.#timeoutMs, signal }, `POST ${path}`, async (until) => {
      const answer = await this.#post(path, request, until)
      const json = parseJson(new Uint8Array(await answer.arrayBuffer()))
      const parsed = operatorAnswers[call].safeParse(json)
      if (answer.status === 200 && parsed.success) return parsed.data as OperatorAnswer<Call>
      throw refusal(json, answer.status)
    })
  }

  /** Every message that waits, the oldest first: all, or what goes to a host, or comes from a sender. */
  async *messages(
    filter: Pick<OperatorRequest<'messages'>, 'host' | 'sender'>,
    options: { signal?: AbortSignal } = {},
  ): AsyncGenerator<OperatorAnswer<'message'>['message']> {
    const limit = 1_000
    let after = 0
    for (;;) {
      const { messages } = await this.call('messages', { ...filter, after, limit }, options)
      yield* messages
      after = messages.at(-1)?.id ?? after
      if (messages.length < limit) return
    }
  }

  async #post(path: string, body: object, signal: AbortSignal): Promise<Response> {
    try {
      return await this.#fetch(this.host + path, {
        method: 'POST',
        headers: { authorization: `Bearer ${this.#token}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        redirect: 'error',
        signal,
      })
    } catch (cause) {
      signal.throwIfAborted()
      throw new RelayClientError('ERR_UNREACHABLE', `${this.host} does not answer`, { cause })
    }
  }
}
