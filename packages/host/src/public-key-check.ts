import { BoundedMap } from '@overpost/core'
import { envelopeKey, type IdentityKey, type SignatureVerifier } from '@overpost/protocol'

const mostKeys = 100_000

/** Says whether a key of the right form is a point of the curve. Remembers, as senders write to the same recipients. */
export function publicKeyCheck(verifier: Pick<SignatureVerifier, 'publicKey'>): (key: IdentityKey) => boolean {
  const known = new BoundedMap<IdentityKey, boolean>(mostKeys)
  return (key) => {
    let isPoint = known.get(key)
    if (isPoint === undefined) {
      // Deriving any key begins with the point.
      isPoint = verifier.publicKey(key, envelopeKey) !== null
      known.set(key, isPoint)
    }
    return isPoint
  }
}
