import { base64ToBytes, identityKeySchema, type IdentityKey, type KeyName } from '@overpost/protocol'
import { authVersion, messageKey } from './auth-protocol.ts'
import { SessionError } from './session-error.ts'
import type { SessionSigner } from './session-signer.ts'

/** A session as its calling side knows it: hands were shaken, and the host has proved its key. */
export interface Established {
  readonly hostKey: IdentityKey
  readonly ownNonce: string
  readonly hostNonce: string
}

/** What begins a session (BRC-103), whatever carries it. */
export function openingMessage(identityKey: IdentityKey, ownNonce: string): object {
  return {
    version: authVersion,
    messageType: 'initialRequest',
    identityKey,
    initialNonce: ownNonce,
    requestedCertificates: { certifiers: [], types: {} },
  }
}

/** The session that the host's answer makes. @throws {SessionError} `not-authentic`, `wrong-key` */
export async function establish(
  signer: SessionSigner,
  { answer, ownNonce, expectedHostKey }: { answer: string; ownNonce: string; expectedHostKey: IdentityKey | null },
): Promise<Established> {
  const { hostKey, hostNonce, signature } = readHandshake(answer, ownNonce)
  if (expectedHostKey !== null && hostKey !== expectedHostKey) {
    throw new SessionError('wrong-key', `The host's key is ${hostKey}, not ${expectedHostKey}`)
  }
  const signed = Uint8Array.of(...(base64ToBytes(ownNonce) ?? []), ...(base64ToBytes(hostNonce) ?? []))
  await proveHost(signer, hostKey, messageKey(ownNonce, hostNonce), signed, signature)
  return { hostKey, ownNonce, hostNonce }
}

/** @throws {SessionError} `not-authentic`, unless the host signed `data` with that key */
export async function proveHost(
  signer: SessionSigner,
  hostKey: IdentityKey,
  key: KeyName,
  data: Uint8Array,
  signature: Uint8Array,
): Promise<void> {
  let cause: unknown
  try {
    if (await signer.verify(hostKey, key, data, signature)) return
  } catch (error) {
    cause = error
  }
  throw new SessionError('not-authentic', "The host's signature does not verify", { cause })
}

export function randomBytes(length: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(length))
}

function readHandshake(text: string, ownNonce: string) {
  let message: unknown
  try {
    message = JSON.parse(text)
  } catch (cause) {
    throw new SessionError('not-authentic', "The host's handshake is not JSON", { cause })
  }
  const { version, messageType, identityKey, initialNonce, yourNonce, signature } = (message ?? {}) as Record<
    string,
    unknown
  >
  const hostKey = identityKeySchema.safeParse(identityKey)
  const valid =
    version === authVersion &&
    messageType === 'initialResponse' &&
    yourNonce === ownNonce &&
    typeof initialNonce === 'string' &&
    initialNonce.length <= 1024 &&
    Array.isArray(signature) &&
    signature.length <= 80
  if (!valid || !hostKey.success) throw new SessionError('not-authentic', "The host's handshake is malformed")
  return { hostKey: hostKey.data, hostNonce: initialNonce, signature: Uint8Array.from(signature as number[]) }
}
