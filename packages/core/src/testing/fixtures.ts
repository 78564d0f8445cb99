import { createHash } from 'node:crypto'
import type {
  BoxName,
  ForwardId,
  HostOrigin,
  IdentityKey,
  MessageId,
  Outpoint,
  RoutingAuthorization,
  SignedWithdrawal,
} from '@overpost/protocol'
import type { Destination, Forwarding, Message, VerifiedEnvelope, VerifiedRequest } from '../message.ts'
import type { Arrival, Placement } from '../ports/mailbox-store.ts'

/** When everything in the fixtures happens, in Unix ms. */
export const fixtureNowMs = 1_700_000_000_000

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** A key for a name: always the same, of the right form, not on the curve. */
export function keyFixture(name: string): IdentityKey {
  return `02${sha256(name)}` as IdentityKey
}

export const alice = keyFixture('alice')
export const bob = keyFixture('bob')
export const carol = keyFixture('carol')
export const inbox = 'inbox' as BoxName

export function boxFixture(name: string): BoxName {
  return name as BoxName
}

export function idFixture(id: string): MessageId {
  return id as MessageId
}

export function outpointFixture(name: string, vout = 0): Outpoint {
  return `${sha256(name)}.${vout}` as Outpoint
}

/** From Alice to Bob's inbox, plain text, without an envelope. */
export function messageFixture(overrides: Partial<Message> = {}): Message {
  return {
    recipient: bob,
    box: inbox,
    sender: alice,
    messageId: idFixture('m1'),
    contentType: 'text/plain',
    body: 'hello',
    envelope: null,
    request: null,
    ...overrides,
  }
}

/** An envelope that stores take for genuine; `name` tells one from another. */
export function envelopeFixture(name: string, timestampMs = fixtureNowMs): VerifiedEnvelope {
  return { timestampMs, signatureHex: `3044${sha256(`signature ${name}`)}`, hash: sha256(`envelope ${name}`) }
}

/** A sender's request that stores take for genuine; `name` tells one from another. */
export function requestFixture(name: string): VerifiedRequest {
  return {
    payload: Uint8Array.from(Buffer.from(`payload of ${name}`)),
    nonce: `nonce of ${name}`,
    sessionNonce: `session of ${name}`,
    signatureHex: `3045${sha256(`signature ${name}`)}`,
    hash: sha256(`request ${name}`),
  }
}

export function destinationFixture(name: string): Destination {
  return { hostKey: keyFixture(name), origin: `https://${name}.example` as HostOrigin }
}

/** A forward id made at `timeMs`; `name` tells one from another. */
export function forwardIdFixture(name: string, timeMs = fixtureNowMs): ForwardId {
  return (timeMs.toString(16).padStart(16, '0') + sha256(name).slice(0, 48)) as ForwardId
}

/** The leaf of a custody receipt that stores take for genuine; `name` tells one from another. */
export function leafFixture(name: string): string {
  return sha256(`leaf ${name}`)
}

/** One forwarding to the host `name`; `forwardId` is the name of its id, the host's own by default. */
export function forwardingFixture(name: string, forwardId = name): Forwarding {
  return { destination: destinationFixture(name), forwardId: forwardIdFixture(forwardId) }
}

/** A message whose recipient is at home here. */
export function placementFixture(message: Partial<Message> = {}, overrides: Partial<Placement> = {}): Placement {
  const placement = { acceptedAtMs: fixtureNowMs, here: 'home', forwardings: [], seeksOthers: false } as const
  return { message: messageFixture(message), ...placement, ...overrides }
}

/** A message that goes to the hosts `names`, and is not kept here. */
export function forwardedFixture(
  names: readonly string[],
  message: Partial<Message> = {},
  acceptedAtMs = fixtureNowMs,
): Placement {
  const { messageId } = messageFixture(message)
  const forwardings = names.map((name) => forwardingFixture(name, `${name} ${messageId}`))
  return placementFixture(message, { here: 'none', forwardings, acceptedAtMs })
}

/** A message whose recipient has no known home: it waits here as a guest and looks for one. */
export function guestFixture(message: Partial<Message> = {}, acceptedAtMs = fixtureNowMs): Placement {
  return placementFixture(message, { here: 'guest', acceptedAtMs })
}

/** A message whose recipient is at home here, and perhaps elsewhere. */
export function seekingFixture(message: Partial<Message> = {}, acceptedAtMs = fixtureNowMs): Placement {
  return placementFixture(message, { seeksOthers: true, acceptedAtMs })
}

/** A message that the host `hosta` hands in; its forward id is named after the message's id unless given. */
export function arrivalFixture(message: Partial<Message> = {}, overrides: Partial<Arrival> = {}): Arrival {
  const whole = messageFixture(message)
  return {
    message: whole,
    originHost: keyFixture('hosta'),
    forwardId: forwardIdFixture(whole.messageId),
    receivedAtMs: fixtureNowMs,
    leaf: leafFixture(whole.body),
    ...overrides,
  }
}

/** Bob's dated authorization of this host. */
export function authorizationFixture(overrides: Partial<RoutingAuthorization> = {}): RoutingAuthorization {
  return {
    userKey: bob,
    hostKey: keyFixture('this host'),
    origin: 'https://this-host.example',
    pattern: null,
    dates: { issuedAtMs: fixtureNowMs, expiresAtMs: fixtureNowMs + 90 * 86_400_000 },
    signature: Uint8Array.of(48, 6, 2, 1, 1, 2, 1, 1),
    ...overrides,
  }
}

/** Bob takes back what he allowed another host. */
export function withdrawalFixture(overrides: Partial<SignedWithdrawal> = {}): SignedWithdrawal {
  return {
    userKey: bob,
    hostKey: keyFixture('other host'),
    atMs: fixtureNowMs,
    signature: Uint8Array.of(48, 6, 2, 1, 3, 2, 1, 3),
    ...overrides,
  }
}
