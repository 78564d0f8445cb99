import { createPrivateKey, sign, type KeyObject } from 'node:crypto'
import type { Clock } from '@overpost/core'
import * as z from 'zod'

/** What is used of the key file that Google gives for a service account. */
const fileSchema = z.object({
  project_id: z.string().regex(/^[a-z0-9:.-]{1,128}$/i, 'must be a project id'),
  client_email: z.string().min(1),
  private_key: z.string().min(1),
  private_key_id: z.string().optional(),
  token_uri: z.url({ protocol: /^https?$/ }),
})
const answerSchema = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() })

export interface ServiceAccount {
  readonly projectId: string
  readonly email: string
  readonly keyId: string | undefined
  readonly key: KeyObject
  readonly tokenUrl: string
}

/** Reads a key file. @throws {Error} when it is none */
export function parseServiceAccount(text: string): ServiceAccount {
  const file = fileSchema.parse(JSON.parse(text))
  return {
    projectId: file.project_id,
    email: file.client_email,
    keyId: file.private_key_id,
    key: createPrivateKey(file.private_key),
    tokenUrl: file.token_uri,
  }
}

const lifetimeS = 3_600
/** A token that ends sooner is not used any more. */
const leastLeftMs = 60_000

/** Access tokens of a service account (RFC 7523): one at a time, asked for when it is needed and the last one is about to end. */
export class AccessTokens {
  readonly #account: ServiceAccount
  readonly #scope: string
  readonly #clock: Clock
  readonly #fetch: typeof fetch
  #current: { readonly token: string; readonly endsAtMs: number } | null = null
  #asking: Promise<string> | null = null

  constructor(
    account: ServiceAccount,
    { scope, clock, fetch: call }: { scope: string; clock: Clock; fetch: typeof fetch },
  ) {
    this.#account = account
    this.#scope = scope
    this.#clock = clock
    this.#fetch = call
  }

  /** Calls made at once share one question. @throws {Error} when no token can be had */
  async get(signal: AbortSignal): Promise<string> {
    if (this.#current !== null && this.#current.endsAtMs - this.#clock.nowMs() > leastLeftMs) return this.#current.token
    this.#asking ??= this.#ask(signal).finally(() => (this.#asking = null))
    return await this.#asking
  }

  /** The service does not take that token any more. */
  refused(token: string): void {
    if (this.#current?.token === token) this.#current = null
  }

  async #ask(signal: AbortSignal): Promise<string> {
    const response = await this.#fetch(this.#account.tokenUrl, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({
        grant_type: 'urn:ietf:params:oauth:grant-type:jwt-bearer',
        assertion: this.#assertion(),
      }).toString(),
      signal,
    })
    if (!response.ok) throw new Error(`the token service answers ${response.status}`)
    const { access_token: token, expires_in: lastsS } = answerSchema.parse(await response.json())
    this.#current = { token, endsAtMs: this.#clock.nowMs() + lastsS * 1000 }
    return token
  }

  #assertion(): string {
    const { email, key, keyId, tokenUrl } = this.#account
    const nowS = Math.floor(this.#clock.nowMs() / 1000)
    const header = { alg: 'RS256', typ: 'JWT', ...(keyId === undefined ? {} : { kid: keyId }) }
    const claims = { iss: email, scope: this.#scope, aud: tokenUrl, iat: nowS, exp: nowS + lifetimeS }
    const signed = `${base64url(header)}.${base64url(claims)}`
    return `${signed}.${sign('RSA-SHA256', Buffer.from(signed), key).toString('base64url')}`
  }
}

function base64url(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}
