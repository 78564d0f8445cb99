import { SessionError, SignedConnection } from '@overpost/auth/session'
import {
  boxNameSchema,
  errorTable,
  liveMessageSchema,
  livePath,
  type IdentityKey,
  type ListMessagesAnswer,
} from '@overpost/protocol'
import { fromSession } from './call-host.ts'
import { LiveSocket, type OpenWebSocket } from './live-socket.ts'
import type { ListedMessage } from './listed-message.ts'
import type { CallOptions, ClientWallet, ListOptions, MessagePage } from './message-box-client.ts'
import { RelayClientError } from './relay-client-error.ts'
import { pause } from './with-retries.ts'

export interface FollowOptions extends CallOptions {
  readonly box: string
  /** Go on after this, from an earlier message; without, with the oldest that waits. */
  readonly cursor?: string
  /** Ask for the senders' envelopes too, and verify them. */
  readonly withEnvelope?: boolean
}

export interface FollowedMessage extends ListedMessage {
  /** Where to go on after it: nothing is missed from there. Null where the host gives none. */
  readonly cursor: string | null
}

/** What following asks of the client. */
export interface FollowedHost {
  readonly origin: string
  readonly wallet: ClientWallet
  readonly timeoutMs: number
  /** Null: there are no WebSockets here. */
  readonly openWebSocket: OpenWebSocket | null
  /** The key that it has shown, or must have. */
  hostKey(): IdentityKey | null
  /** The key that it has proven on a live connection, which it must have from then on. @throws {SessionError} `wrong-key` */
  pinHostKey(shown: IdentityKey): void
  list(options: ListOptions): Promise<MessagePage>
  read(item: ListMessagesAnswer['messages'][number]): Promise<ListedMessage>
}

const firstPauseMs = 200
const mostPauseMs = 5_000

/**
 * The messages of a box as they come, over a live connection (docs/specs/live.md), made again from the last cursor when it
 * breaks; while there is none to be had, by listing. Ends when the signal aborts.
 * @throws {RelayClientError} what will not be better later: a refusal, another host
 */
export async function* follow(options: FollowOptions, host: FollowedHost): AsyncGenerator<FollowedMessage, void, void> {
  const { signal } = options
  let cursor = options.cursor ?? null
  let failures = 0
  let shown = new Set<string>()
  while (signal?.aborted !== true) {
    let isLive = false
    for await (const message of pushed(cursor, options, host)) {
      isLive = true
      failures = 0
      if (message === 'following') continue
      cursor = message.cursor
      yield message
    }
    for (let more = !isLive; more;) {
      const page = await unlessForNow(host.list({ ...options, ...(cursor === null ? {} : { cursor }) }), signal)
      const named = (page?.messages ?? []).map((message) => ({ message, name: nameOf(message) }))
      for (const [index, { message, name }] of named.entries()) {
        if (page?.cursor === null && shown.has(name)) continue
        yield { ...message, cursor: index === named.length - 1 ? (page?.cursor ?? null) : cursor }
      }
      if (page !== null) shown = new Set(named.map(({ name }) => name))
      cursor = page?.cursor ?? cursor
      more = page?.more === true && page.cursor !== null
    }
    const mostMs = Math.min(firstPauseMs * 2 ** failures, mostPauseMs)
    failures += 1
    await pause(mostMs * (0.5 + Math.random() / 2), signal)
  }
}

/** What one live connection brings, after the word that it is there, until it breaks. */
async function* pushed(
  cursor: string | null,
  options: FollowOptions,
  host: FollowedHost,
): AsyncGenerator<FollowedMessage | 'following', void, void> {
  if (host.openWebSocket === null) return
  const over = new AbortController()
  const signal = options.signal === undefined ? over.signal : AbortSignal.any([options.signal, over.signal])
  // Until it follows; from then on, silence is asked whether anybody is there.
  let watch = setInterval(() => over.abort(), host.timeoutMs)
  try {
    const socket = await LiveSocket.open(host.openWebSocket(host.origin.replace(/^http/, 'ws') + livePath), signal)
    if (socket === null) return
    const connection = await SignedConnection.open({
      wallet: host.wallet,
      expectedHostKey: host.hostKey(),
      send: (text) => socket.send(text),
      next: () => socket.next(),
    })
    host.pinHostKey(connection.hostKey)
    const messageBox = boxNameSchema.parse(options.box)
    const from = {
      ...(cursor === null ? {} : { cursor }),
      ...(options.withEnvelope === true ? { envelope: true } : {}),
    }
    await connection.emit('follow', { messageBox, ...from })
    for (;;) {
      const { name, data } = await connection.read()
      if (name === 'following') {
        clearInterval(watch)
        watch = setInterval(() => {
          if (socket.hasHeard()) connection.emit('authenticated', {}).catch(() => over.abort())
          else over.abort()
        }, host.timeoutMs)
        yield 'following'
      } else if (name === 'followFailed') throw refusedFollow(data)
      else if (name === 'message') yield await readPushed(data, host)
    }
  } catch (error) {
    const known = error instanceof SessionError ? fromSession(error) : error
    if (options.signal?.aborted !== true && !isForNow(known)) throw known
  } finally {
    clearInterval(watch)
    over.abort()
  }
}

async function readPushed(data: unknown, host: FollowedHost): Promise<FollowedMessage> {
  const parsed = liveMessageSchema.safeParse(data)
  if (!parsed.success) throw new RelayClientError('ERR_INVALID_ANSWER', 'the host pushed what is no message')
  return { ...(await host.read(parsed.data.message)), cursor: parsed.data.cursor }
}

function refusedFollow(data: unknown): RelayClientError {
  const { code, description } = (data ?? {}) as Record<string, unknown>
  if (typeof code !== 'string' || typeof description !== 'string') {
    return new RelayClientError('ERR_INVALID_ANSWER', 'the host says no, and not why')
  }
  const [status] = (errorTable as Readonly<Record<string, readonly [number, string]>>)[code] ?? [400]
  return new RelayClientError(code, description, { status })
}

/** Null instead of what fails for now, or because the signal aborted. */
async function unlessForNow<T>(call: Promise<T>, signal: AbortSignal | undefined): Promise<T | null> {
  try {
    return await call
  } catch (error) {
    if (signal?.aborted !== true && !isForNow(error)) throw error
    return null
  }
}

function isForNow(error: unknown): boolean {
  return error instanceof RelayClientError && error.isTemporary
}

function nameOf({ sender, messageId }: ListedMessage): string {
  return JSON.stringify([sender, messageId])
}
