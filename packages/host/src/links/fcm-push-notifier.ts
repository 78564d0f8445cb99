import type { Clock, PushNotifier } from '@overpost/core'
import type { BoxName } from '@overpost/protocol'
import * as z from 'zod'
import { AccessTokens, type ServiceAccount } from './service-account.ts'

export interface FcmPushNotifierDeps {
  readonly account: ServiceAccount
  /** Where the service is. */
  readonly url: string
  readonly title: string
  readonly timeoutMs: number
  readonly clock: Clock
  readonly fetch: typeof fetch
}

const scope = 'https://www.googleapis.com/auth/firebase.messaging'
const errorSchema = z.object({
  error: z.object({ details: z.array(z.object({ errorCode: z.string().optional() })).default([]) }),
})

/** Tells devices of news by Firebase Cloud Messaging (HTTP v1). */
export class FcmPushNotifier implements PushNotifier {
  readonly #deps: FcmPushNotifierDeps
  readonly #url: string
  readonly #tokens: AccessTokens

  constructor(deps: FcmPushNotifierDeps) {
    this.#deps = deps
    this.#url = `${deps.url}/v1/projects/${deps.account.projectId}/messages:send`
    this.#tokens = new AccessTokens(deps.account, { scope, clock: deps.clock, fetch: deps.fetch })
  }

  async notify(token: string, { box }: { box: BoxName }, signal: AbortSignal): Promise<'told' | 'gone' | 'failed'> {
    const deadline = AbortSignal.any([signal, AbortSignal.timeout(this.#deps.timeoutMs)])
    try {
      const first = await this.#send(token, box, deadline)
      // The access token may have been taken back: one more try, with a new one.
      return first === 'refused' ? settled(await this.#send(token, box, deadline)) : first
    } catch {
      return 'failed'
    }
  }

  async #send(token: string, box: BoxName, signal: AbortSignal): Promise<'told' | 'gone' | 'failed' | 'refused'> {
    const access = await this.#tokens.get(signal)
    const message = {
      token,
      notification: { title: this.#deps.title },
      data: { messageBox: box },
      android: { priority: 'high' },
      apns: { headers: { 'apns-priority': '10' } },
    }
    const response = await this.#deps.fetch(this.#url, {
      method: 'POST',
      headers: { authorization: `Bearer ${access}`, 'content-type': 'application/json' },
      body: JSON.stringify({ message }),
      signal,
    })
    const answer: unknown = await response.json().catch(() => null)
    if (response.ok) return 'told'
    if (response.status === 401) {
      this.#tokens.refused(access)
      return 'refused'
    }
    const { data } = errorSchema.safeParse(answer)
    return data?.error.details.some(({ errorCode }) => errorCode === 'UNREGISTERED') === true ? 'gone' : 'failed'
  }
}

function settled(answer: 'told' | 'gone' | 'failed' | 'refused'): 'told' | 'gone' | 'failed' {
  return answer === 'refused' ? 'failed' : answer
}
