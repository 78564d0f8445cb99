import { generateKeyPairSync, verify } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'

export interface FcmStandIn extends AsyncDisposable {
  readonly url: string
  /** The key file of a service account that it knows. */
  readonly accountFile: string
  /** What was sent to which token, in order. */
  readonly sent: { readonly token: string; readonly message: Record<string, unknown> }[]
  /** Access tokens given. */
  readonly given: () => number
  /** What it answers to a message for that token: a status, and FCM's code. */
  answer: (token: string) => { status: number; errorCode?: string } | Promise<{ status: number; errorCode?: string }>
  /** Takes the access tokens given so far back. */
  forgetTokens(): void
}

/** Google's token service and FCM HTTP v1, as far as a sender sees them: what is not as they document it is refused. */
export async function fcmStandIn(): Promise<FcmStandIn> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 })
  const sent: FcmStandIn['sent'] = []
  let tokens = new Set<string>()
  let given = 0

  const giveToken = (body: string): { status: number; json: object } => {
    const form = new URLSearchParams(body)
    const [header = '', claims = '', signature = ''] = (form.get('assertion') ?? '').split('.')
    const decode = (part: string) => JSON.parse(Buffer.from(part, 'base64url').toString()) as Record<string, unknown>
    const { iss, scope, aud, iat, exp } = decode(claims)
    const isGood =
      form.get('grant_type') === 'urn:ietf:params:oauth:grant-type:jwt-bearer' &&
      decode(header)['alg'] === 'RS256' &&
      decode(header)['kid'] === 'key-1' &&
      verify('RSA-SHA256', Buffer.from(`${header}.${claims}`), publicKey, Buffer.from(signature, 'base64url')) &&
      iss === 'relay@project-1.example' &&
      scope === 'https://www.googleapis.com/auth/firebase.messaging' &&
      aud === `${origin}/token` &&
      Math.abs(Number(iat) - Date.now() / 1000) < 60 &&
      Number(exp) - Number(iat) === 3_600
    if (!isGood) return { status: 400, json: { error: 'invalid_grant' } }
    given += 1
    const token = `access-${given}`
    tokens.add(token)
    return { status: 200, json: { access_token: token, expires_in: 3_599, token_type: 'Bearer' } }
  }

  const takeMessage = async (request: IncomingMessage, body: string): Promise<{ status: number; json: object }> => {
    const bearer = (request.headers.authorization ?? '').replace(/^Bearer /, '')
    if (!tokens.has(bearer)) return { status: 401, json: { error: { code: 401, status: 'UNAUTHENTICATED' } } }
    const { message } = JSON.parse(body) as { message: { token: string; data: Record<string, unknown> } }
    const isText = Object.values(message.data).every((value) => typeof value === 'string')
    if (request.headers['content-type'] !== 'application/json' || !isText) return { status: 400, json: { error: {} } }
    sent.push({ token: message.token, message })
    const { status, errorCode } = await standIn.answer(message.token)
    if (status === 200) return { status, json: { name: `projects/project-1/messages/${sent.length}` } }
    const details =
      errorCode === undefined ? [] : [{ '@type': 'type.googleapis.com/google.firebase.fcm.v1.FcmError', errorCode }]
    return { status, json: { error: { code: status, details } } }
  }

  const server = createServer((request, response) => {
    void (async () => {
      const body = await text(request)
      const { status, json } =
        request.method !== 'POST'
          ? { status: 405, json: {} }
          : request.url === '/token'
            ? giveToken(body)
            : request.url === '/v1/projects/project-1/messages:send'
              ? await takeMessage(request, body)
              : { status: 404, json: {} }
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(json))
    })()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const standIn: FcmStandIn = {
    url: origin,
    accountFile: JSON.stringify({
      type: 'service_account',
      project_id: 'project-1',
      private_key_id: 'key-1',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }),
      client_email: 'relay@project-1.example',
      token_uri: `${origin}/token`,
    }),
    sent,
    given: () => given,
    answer: () => ({ status: 200 }),
    forgetTokens: () => (tokens = new Set()),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return standIn
}
