import { HostSession, IdentityWallet, nodeTransport } from '@overpost/auth'
import { signAuthorization, type IdentityKey } from '@overpost/protocol'
import { pino } from 'pino'
import { hostConfigSchema, type HostConfigInput } from '../config.ts'
import { createHost, type Host } from '../host.ts'

/** The wallet of a test identity: `digits` are two hexadecimal digits, repeated. */
export function walletFixture(digits: string): IdentityWallet {
  return new IdentityWallet(digits.repeat(32))
}

export const aliceWallet = walletFixture('11')
export const hostWallet = walletFixture('22')
export const bobWallet = walletFixture('33')
export const otherHostWallet = walletFixture('44')

/** A host on a free loopback port that keeps nothing. */
export function hostFixture(overrides: HostConfigInput = {}): Promise<Host> {
  const config = hostConfigSchema.parse({
    development: true,
    listen: { port: 0 },
    store: { kind: 'memory' },
    identityKey: '22'.repeat(32),
    ...overrides,
  })
  return createHost(config, { logger: pino({ level: 'silent' }) })
}

export interface TestAnswer {
  readonly status: number
  readonly json: Record<string, unknown>
}

/** Somebody who calls a host with mutual authentication. */
export interface TestCaller extends Disposable {
  readonly identityKey: IdentityKey
  post(path: string, body: unknown): Promise<TestAnswer>
  get(path: string): Promise<TestAnswer>
  delete(path: string): Promise<TestAnswer>
}

/** Each caller has connections of its own, closed at its end. A text is sent as it is, anything else as JSON. */
export function callerFixture(wallet: IdentityWallet, origin: string): TestCaller {
  const transport = nodeTransport()
  const session = new HostSession({ wallet, transport, origin, expectedHostKey: null })
  const call = async (method: string, path: string, body?: string): Promise<TestAnswer> => {
    const { status, body: bytes } = await session.call({
      method,
      path,
      ...(body === undefined ? {} : { body }),
      signal: AbortSignal.timeout(5_000),
      maxAnswerBytes: 16 * 1024 * 1024,
    })
    return { status, json: JSON.parse(Buffer.from(bytes).toString('utf8')) as Record<string, unknown> }
  }
  return {
    identityKey: wallet.identityKey,
    post: (path, body) => call('POST', path, typeof body === 'string' ? body : JSON.stringify(body)),
    get: (path) => call('GET', path),
    delete: (path) => call('DELETE', path),
    [Symbol.dispose]: () => transport.close(),
  }
}

/** The body of an `/authorizeRouting` that makes `host` a home of the wallet's identity. */
export async function authorizationBody(
  wallet: IdentityWallet,
  host: Pick<Host, 'url' | 'identityKey'>,
  terms: { pattern?: string; issuedAtMs?: number; expiresAtMs?: number; origin?: string; hostKey?: IdentityKey } = {},
): Promise<Record<string, unknown>> {
  const { pattern = null, issuedAtMs = Date.now(), expiresAtMs = Date.now() + 86_400_000 } = terms
  const { origin = host.url, hostKey = host.identityKey } = terms
  const { signature } = await signAuthorization(wallet, {
    userKey: wallet.identityKey,
    hostKey,
    origin: origin,
    pattern,
    dates: { issuedAtMs, expiresAtMs },
  })
  return {
    hostKey,
    domain: origin,
    ...(pattern === null ? {} : { regex: pattern }),
    issuedAtMs,
    expiresAtMs,
    signature: Array.from(signature),
  }
}
