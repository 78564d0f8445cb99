import type { Transport } from '@overpost/auth/session'
import {
  capabilityPath,
  verifyCapabilityDocument,
  type CapabilityDocument,
  type HostOrigin,
  type SignatureVerifier,
} from '@overpost/protocol'
import { parseJson, refusal } from './call-host.ts'
import { RelayClientError } from './relay-client-error.ts'

const maxAnswerBytes = 65_536

/**
 * What the host at `origin` says of itself, signed by the key that it names.
 * @throws {RelayClientError} ERR_UNREACHABLE; ERR_WRONG_HOST when it does not verify, or is of another origin; a refusal
 */
export async function fetchCapability(
  transport: Transport,
  { origin, verifier, signal }: { origin: HostOrigin; verifier: SignatureVerifier; signal: AbortSignal },
): Promise<CapabilityDocument> {
  const request = { method: 'GET', url: origin + capabilityPath, headers: {}, body: null, signal, maxAnswerBytes }
  const { status, body } = await transport(request).catch((cause: unknown) => {
    throw new RelayClientError('ERR_UNREACHABLE', `${origin} cannot be reached`, { cause })
  })
  const json = parseJson(body)
  if (status !== 200) throw refusal(json, status)
  const verified = verifyCapabilityDocument(json, { origin, verifier })
  if ('document' in verified) return verified.document
  throw new RelayClientError('ERR_WRONG_HOST', `${origin} does not say who it is: ${verified.fault}`, { status })
}
