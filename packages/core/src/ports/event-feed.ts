import type { Outpoint } from '@overpost/protocol'

/** Where a reader stands in a node's log. */
export interface FeedCursor {
  readonly since: number
  readonly log: string
}

/** Something that a node says of an output. Nothing of it is proven. */
export interface FeedNews {
  readonly kind: string
  readonly outpoint: Outpoint
  /** The output's script; null where the event does not carry it. */
  readonly script: Uint8Array | null
}

/** `more`: there is more already. `bytes`: what the page took. `start again`: the cursor is of another log. `not offered`: the node has no feed. */
export type FeedPage =
  | {
      readonly kind: 'news'
      readonly news: readonly FeedNews[]
      readonly cursor: FeedCursor
      readonly more: boolean
      readonly bytes: number
    }
  | { readonly kind: 'start again' }
  | { readonly kind: 'not offered' }

/** The events of one topic at one overlay node (docs/specs/event-feed.md). */
export interface EventFeed {
  readonly node: string
  readonly topic: string
  /**
   * What came after `cursor`; waits some seconds for it. Null: nothing yet, but from where to go on.
   * @throws {Error} when the node cannot be asked, or answers something else
   */
  read(cursor: FeedCursor | null, signal: AbortSignal): Promise<FeedPage>
}
