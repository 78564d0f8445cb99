/** A BRC-43 key: security level and protocol name, and the key ID. The counterparty is given where it is used. */
export interface KeyName {
  readonly protocolID: readonly [0 | 1 | 2, string]
  readonly keyID: string
}

/** The same key as the arguments of a BRC-100 wallet want it. */
export function walletKey({ protocolID, keyID }: KeyName): { protocolID: [0 | 1 | 2, string]; keyID: string } {
  return { protocolID: [...protocolID], keyID }
}

/** Signs and locks a host's own tokens (PHIP, PHIP2, PHIPW). BRC-34's name `PHIP` is too short to be legal in BRC-43. */
export const phipTokenKey: KeyName = { protocolID: [2, 'peerserv host interconnect'], keyID: '1' }
/** Signs SHIP tokens (BRC-88, as its validators read it: counterparty `anyone`). */
export const shipTokenKey: KeyName = { protocolID: [2, 'service host interconnect'], keyID: '1' }
/** Signs SLAP tokens (BRC-88). */
export const slapTokenKey: KeyName = { protocolID: [2, 'service lookup availability'], keyID: '1' }
/** A user allows a host, without dates (BRC-34). */
export const phipAuthorizationKey: KeyName = { protocolID: [1, 'PHIP authorization'], keyID: '1' }
/** A user allows a host, from one date to another (PHIP2). */
export const phipDatedAuthorizationKey: KeyName = { protocolID: [1, 'PHIP dated authorization'], keyID: '1' }
/** A user takes back what they allowed before a moment (PHIPW). */
export const phipWithdrawalKey: KeyName = { protocolID: [1, 'PHIP withdrawal'], keyID: '1' }
/** A user has one host hand over to another what waits there. */
export const phipHandoverKey: KeyName = { protocolID: [1, 'PHIP handover'], keyID: '1' }
/** A user says on chain which message box host they use, as `@bsv/message-box-client` does. */
export const messageboxAdvertKey: KeyName = { protocolID: [1, 'messagebox advertisement'], keyID: '1' }
/** A sender signs one message to one recipient. */
export const envelopeKey: KeyName = { protocolID: [1, 'phip message envelope'], keyID: '1' }
/** A user signs which messages they have read, for all their hosts. */
export const acknowledgementKey: KeyName = { protocolID: [1, 'phip acknowledgement'], keyID: '1' }
/** A host signs that it has messages which another host handed in. */
export const custodyReceiptKey: KeyName = { protocolID: [1, 'phip custody receipt'], keyID: '1' }
/** Sender and recipient share the key of a body, as `@bsv/message-box-client` has it (BRC-2). */
export const bodyCipherKey: KeyName = { protocolID: [1, 'messagebox'], keyID: '1' }
/** A host signs what it says of itself. */
export const capabilityKey: KeyName = { protocolID: [1, 'relay host capability'], keyID: '1' }

export const topicPhip = 'tm_phip'
export const topicShip = 'tm_ship'
export const topicSlap = 'tm_slap'
export const topicMessagebox = 'tm_messagebox'
export const lookupPhip = 'ls_phip'
export const lookupShip = 'ls_ship'
export const lookupSlap = 'ls_slap'
export const lookupMessagebox = 'ls_messagebox'
