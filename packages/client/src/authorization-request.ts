import { authorizationText, bytesToHex, type AuthorizeRoutingJson, type RoutingAuthorization } from '@overpost/protocol'

/** `POST /authorizeRouting` for a signed authorization: BRC-34's message, and the same terms one by one. */
export function authorizationRequest(authorization: RoutingAuthorization): AuthorizeRoutingJson {
  const { hostKey, origin, pattern, dates, signature } = authorization
  return {
    message: authorizationText(authorization),
    hostKey,
    domain: origin,
    ...(pattern === null ? {} : { regex: pattern }),
    ...(dates ?? {}),
    signature: bytesToHex(signature),
  }
}
