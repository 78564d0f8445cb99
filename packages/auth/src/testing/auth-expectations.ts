import { AuthFetch, PrivateKey, ProtoWallet, type WalletInterface } from '@bsv/sdk'
import { expect } from 'chai'
import { responsePayload } from '../auth-payload.ts'
import { messageKey } from '../auth-protocol.ts'
import { IdentityWallet } from '../identity-wallet.ts'
import { aliceKeyHex, bobKeyHex, hostKeyHex, type RawAnswer, type RawRequest, type RawSession } from './auth-host.ts'

export const alice = new IdentityWallet(aliceKeyHex).identityKey
export const bob = new IdentityWallet(bobKeyHex).identityKey
export const hostIdentity = new IdentityWallet(hostKeyHex).identityKey

/** The client that apps use today. */
export function authFetch(keyHex: string): AuthFetch {
  return new AuthFetch(new ProtoWallet(PrivateKey.fromHex(keyHex)) as unknown as WalletInterface)
}

export interface Echo {
  peer: string
  url: string
  body: string
}

export async function echoOf(response: Response): Promise<Echo> {
  expect(response.status).to.equal(200)
  return (await response.json()) as Echo
}

/** 401 in the words of every door, and nothing that looks authenticated. */
export function expectRefusal(answer: RawAnswer): void {
  expect(answer.status).to.equal(401)
  expect(Object.keys(answer.headers).filter((name) => name.startsWith('x-bsv'))).to.deep.equal([])
  const body = JSON.parse(answer.body) as Record<string, unknown>
  expect(body).to.include({ status: 'error', code: 'UNAUTHORIZED' })
  expect(body['description']).to.be.a('string').and.equal(body['message'])
}

/** Signed for this request, in this session. The routes here set no `x-bsv` headers. */
export function expectSigned(
  answer: RawAnswer,
  session: RawSession,
  request: RawRequest,
  hostKey = hostIdentity,
): void {
  const { headers, status } = answer
  const nonce = String(headers['x-bsv-auth-nonce'])
  expect(headers['x-bsv-auth-request-id']).to.equal(request.headers['x-bsv-auth-request-id'])
  expect(headers['x-bsv-auth-your-nonce']).to.equal(session.nonce)
  const payload = responsePayload({
    requestId: Buffer.from(String(headers['x-bsv-auth-request-id']), 'base64'),
    status,
    headers: [],
    body: Buffer.from(answer.body),
  })
  const signature = Buffer.from(String(headers['x-bsv-auth-signature']), 'hex')
  expect(session.wallet.verifyFrom(hostKey, messageKey(nonce, session.nonce), payload, signature)).to.equal(true)
}
