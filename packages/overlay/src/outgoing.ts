import { guardedTransport, nodeTransport, type Transport } from '@overpost/auth'

/** The ways out to other overlay nodes. Everything that this node sends to one goes by these. */
export interface Outgoing {
  /** To addresses that the operator chose. */
  readonly chosenHere: Transport
  /** To addresses that others chose, in SHIP tokens: https only and public addresses only, but in development. */
  readonly chosenByOthers: Transport
  close(): void
}

/** `ca`: authorities that are believed besides the public ones (PEM). */
export function createOutgoing({ development, ca }: { development: boolean; ca: string | undefined }): Outgoing {
  const authority = ca === undefined ? {} : { ca }
  const chosenHere = nodeTransport(authority)
  const chosenByOthers = guardedTransport({ policy: { development }, ...authority })
  return {
    chosenHere,
    chosenByOthers,
    close() {
      chosenHere.close()
      chosenByOthers.close()
    },
  }
}
