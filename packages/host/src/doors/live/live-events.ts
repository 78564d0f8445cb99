import type { Peer } from '@overpost/auth'
import {
  contentOf,
  parseFollow,
  parseLiveSend,
  parseRoomId,
  RelayError,
  type IdentityKey,
  type LiveMessageJson,
} from '@overpost/protocol'
import { listedMessageJson } from '../messagebox/listed-messages.ts'
import type { Follows } from './follows.ts'
import type { LiveDeps } from './live-connection.ts'

/** What an event is handled with. */
export interface LiveContext extends Pick<LiveDeps, 'router' | 'mailbox' | 'isPublicKey'> {
  /** Who signed it. */
  readonly peer: Peer
  readonly follows: Follows
  readonly answer: (name: string, data: unknown) => void
  /** As `answer`; resolves when the network has it. */
  readonly push: (name: string, data: unknown) => Promise<void>
}

/** An event that clients send. */
export interface LiveEvent {
  run(data: unknown, context: LiveContext): Promise<void>
  /** The event that says no. */
  refusal(data: unknown): string
  /** What of the request is said again beside a refusal. */
  names(data: unknown): object
}

const room = (data: unknown): string => (typeof data === 'string' ? data.slice(0, 300) : '')
const field = (data: unknown, name: string): unknown => (data as Record<string, unknown> | null | undefined)?.[name]
const sentRoom = (data: unknown): string => room(field(data, 'roomId'))

/** `authenticated {identityKey}`: who signs here has said so already, and may not be another. */
const authenticated: LiveEvent = {
  run(data, { peer, answer }) {
    const claimed = field(data, 'identityKey')
    if (claimed !== undefined && claimed !== peer.identityKey) {
      throw new RelayError('UNAUTHORIZED', 'That is not the key that signs on this connection.')
    }
    answer('authenticationSuccess', { status: 'success' })
    return Promise.resolve()
  },
  refusal: () => 'authenticationFailed',
  names: () => ({}),
}

/** `joinRoom <roomId>`: pushes what is appended to the box from now on. A room is its owner's. */
const joinRoom: LiveEvent = {
  async run(roomId, context) {
    const { mailbox, follows, answer, push } = context
    const address = ownRoom(roomId, context.peer.identityKey)
    const name = `room ${address.box}`
    if (!follows.has(name)) {
      const cursor = await mailbox.end(address)
      follows.start(name, { ...address, cursor }, ({ sender, listedId, body }) =>
        push(`sendMessage-${String(roomId)}`, { sender, messageId: listedId, body }),
      )
    }
    answer('joinedRoom', { roomId })
  },
  refusal: () => 'joinFailed',
  names: (roomId) => ({ roomId: room(roomId) }),
}

const leaveRoom: LiveEvent = {
  run(roomId, { peer, follows, answer }) {
    follows.stop(`room ${ownRoom(roomId, peer.identityKey).box}`)
    answer('leftRoom', { roomId })
    return Promise.resolve()
  },
  refusal: () => 'leaveFailed',
  names: (roomId) => ({ roomId: room(roomId) }),
}

/** `sendMessage {roomId, message}`: as `POST /sendMessage`, and acknowledged when it is durable. */
const sendMessage: LiveEvent = {
  async run(data, { peer, router, isPublicKey, answer }) {
    const { recipients, box, body } = parseLiveSend(data, isPublicKey)
    const { identityKey: sender, signedRequest } = peer
    const [accepted] = await router.accept({ sender, box, recipients, ...contentOf(body), signedRequest })
    answer(`sendMessageAck-${sentRoom(data)}`, { status: 'success', messageId: accepted?.messageId })
  },
  refusal: (data) => `sendMessageAck-${sentRoom(data)}`,
  names: (data) => ({ messageId: field(field(data, 'message'), 'messageId') }),
}

/** `follow {messageBox, cursor | from}` (ours): everything after a cursor, each once and in order, and where to go on. */
const follow: LiveEvent = {
  async run(data, { peer, mailbox, follows, answer, push }) {
    const { box, from, withEnvelopes } = parseFollow(data)
    const address = { owner: peer.identityKey, box }
    const cursor = from === 'now' ? await mailbox.end(address) : from.cursor
    const restarted = cursor !== null && !mailbox.isOwn(cursor)
    answer('following', { status: 'success', messageBox: box, cursor, ...(restarted ? { restarted } : {}) })
    follows.start(`follow ${box}`, { ...address, cursor }, (message) => {
      const pushed = {
        messageBox: box,
        cursor: mailbox.cursorAfter(message),
        message: listedMessageJson(message, withEnvelopes),
      }
      return push('message', pushed satisfies LiveMessageJson)
    })
  },
  refusal: () => 'followFailed',
  names: (data) => ({ messageBox: field(data, 'messageBox') }),
}

const unfollow: LiveEvent = {
  run(data, { follows, answer }) {
    const { box } = parseFollow({ messageBox: field(data, 'messageBox') })
    follows.stop(`follow ${box}`)
    answer('unfollowed', { status: 'success', messageBox: box })
    return Promise.resolve()
  },
  refusal: () => 'unfollowFailed',
  names: (data) => ({ messageBox: field(data, 'messageBox') }),
}

/** By name (relay-http.md section 4; docs/specs/live.md). */
export const liveEvents: ReadonlyMap<string, LiveEvent> = new Map(
  Object.entries({ authenticated, joinRoom, leaveRoom, sendMessage, follow, unfollow }),
)

function ownRoom(roomId: unknown, identityKey: IdentityKey) {
  const address = parseRoomId(roomId)
  if (address?.owner !== identityKey) {
    throw new RelayError('ERR_INVALID_REQUEST', 'A room is <your own identity key>-<message box>.')
  }
  return address
}
