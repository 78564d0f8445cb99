import { hash, randomBytes } from 'node:crypto'
import type { IdentityKey } from '@overpost/protocol'
import { NonceSet, slotBytes } from './nonce-set.ts'

export interface ReplayLimits {
  /** How long a session lasts: what came in a session is remembered at least until it has ended. */
  readonly sessionLifetimeS: number
  /** Calls of one identity that are remembered; when one more comes, its sessions so far end. */
  readonly callsPerIdentity: number
  /** Memory for all of it; when it is used up, the sessions of the identities with most calls end. */
  readonly bytes: number
}

/** `full`: there is no room for an identity not met before, and nothing to make room of. */
export type ReplayVerdict = 'fresh' | 'replayed' | 'ended' | 'full'

export interface CallDigest {
  readonly high: number
  readonly low: number
}

interface Holder {
  /** Null while there is nothing to remember but an ending. */
  calls: NonceSet | null
  /** Sessions that began before this second have been ended. */
  endedBeforeS: number
}

/** Memory for one identity beside its calls: its key, map entry, objects and array headers (measured: 750 with its first calls). */
const holderBytes = 680
/** A call is dropped between 1 and 1 1/8 lifetimes after it came. */
const generationsPerLifetime = 8
const generations = 255
const secretBytes = 16

/**
 * Remembers every authenticated call, so that none is taken twice. Only calls whose signature has been verified are put
 * in: whoever is refused leaves nothing here. What an identity does costs it its own sessions, never a stranger's.
 */
export class ReplayWindow {
  readonly #limits: ReplayLimits
  readonly #holders = new Map<IdentityKey, Holder>()
  #secret = randomBytes(secretBytes).toString('latin1')
  #bytes = 0
  #generation = 0

  constructor(limits: ReplayLimits) {
    this.#limits = limits
  }

  /** An estimate, on the high side, of the memory in use. */
  get bytes(): number {
    return this.#bytes
  }

  get identities(): number {
    return this.#holders.size
  }

  /** The first second at which a session of `client` may have begun and still stand. */
  beganAtLeastS(client: IdentityKey): number {
    return this.#holders.get(client)?.endedBeforeS ?? 0
  }

  /**
   * What the window keeps of a call's name. Should two names of one identity ever give the same 64 bits, one call of its
   * own is refused.
   */
  digest(call: string): CallDigest {
    // As text, of a character for each byte: a buffer has memory of its own outside the heap.
    const digest = hash('sha256', this.#secret + call, 'binary')
    return { high: uint32At(digest, 0), low: uint32At(digest, 4) }
  }

  /** Whether a call would be a replay or belongs to an ended session. Changes nothing: for a look before the signature. */
  check(client: IdentityKey, call: CallDigest, sessionBeganAtS: number): ReplayVerdict {
    const holder = this.#holders.get(client)
    if (holder === undefined) return 'fresh'
    if (sessionBeganAtS < holder.endedBeforeS) return 'ended'
    return holder.calls?.has(call.high, call.low) === true ? 'replayed' : 'fresh'
  }

  /**
   * Takes a verified call into the window. When it is the one too many, the sessions of `client` end
   * after it: it is `fresh` all the same, since nothing of those sessions is taken again.
   */
  consume(client: IdentityKey, call: CallDigest, sessionBeganAtS: number, nowS: number): ReplayVerdict {
    this.#age(nowS)
    const holder = this.#holders.get(client)
    if (holder !== undefined && sessionBeganAtS < holder.endedBeforeS) return 'ended'
    if (holder?.calls?.has(call.high, call.low) === true) return 'replayed'

    if (holder?.calls != null && holder.calls.count >= this.#limits.callsPerIdentity) {
      this.#end(holder, nowS)
      return 'fresh'
    }
    const more = (holder === undefined ? holderBytes : 0) + (holder?.calls?.bytesToGrow ?? 8 * slotBytes)
    if (this.#bytes + more > this.#limits.bytes) {
      this.#makeRoom(more, nowS)
      if (holder !== undefined && sessionBeganAtS < holder.endedBeforeS) return 'fresh'
      if (this.#bytes + more > this.#limits.bytes) return 'full'
    }
    const own = holder ?? this.#hold(client, 0)
    own.calls ??= new NonceSet()
    own.calls.add(call.high, call.low, this.#generation % generations)
    this.#bytes += more
    return 'fresh'
  }

  /** Everything, for {@link restore} after a clean stop. */
  save(): Buffer {
    const parts: Buffer[] = [Buffer.from(this.#secret, 'latin1'), uint32s(this.#generation, this.#holders.size)]
    for (const [client, { calls, endedBeforeS }] of this.#holders) {
      const count = calls?.count ?? 0
      const entries = Buffer.alloc(count * slotBytes)
      let at = 0
      for (const [high, low, generation] of calls?.entries() ?? []) {
        entries.writeUInt32BE(high, at)
        entries.writeUInt32BE(low, at + 4)
        entries.writeUInt8(generation, at + 8)
        at += slotBytes
      }
      parts.push(Buffer.from(client, 'hex'), uint32s(endedBeforeS, count), entries)
    }
    return Buffer.concat(parts)
  }

  /** @throws {RangeError} when `saved` is not from {@link save} */
  static restore(saved: Buffer, limits: ReplayLimits): ReplayWindow {
    const window = new ReplayWindow(limits)
    window.#secret = saved.toString('latin1', 0, secretBytes)
    window.#generation = saved.readUInt32BE(secretBytes)
    let at = secretBytes + 8
    for (let left = saved.readUInt32BE(secretBytes + 4); left > 0; left--) {
      const holder = window.#hold(saved.toString('hex', at, at + 33) as IdentityKey, saved.readUInt32BE(at + 33))
      window.#bytes += holderBytes
      const count = saved.readUInt32BE(at + 37)
      at += 41
      if (count === 0) continue
      if (at + count * slotBytes > saved.length) throw new RangeError('The replay window is cut off')
      holder.calls = new NonceSet(count)
      for (const end = at + count * slotBytes; at < end; at += slotBytes) {
        holder.calls.add(saved.readUInt32BE(at), saved.readUInt32BE(at + 4), saved.readUInt8(at + 8))
      }
      window.#bytes += holder.calls.bytes
    }
    if (at !== saved.length) throw new RangeError('Spare bytes after the replay window')
    return window
  }

  #hold(client: IdentityKey, endedBeforeS: number): Holder {
    const holder: Holder = { calls: null, endedBeforeS }
    this.#holders.set(client, holder)
    return holder
  }

  /** Ends all sessions of the holder that began until now; later ones are stamped later, even in this very second. */
  #end(holder: Holder, nowS: number): void {
    holder.endedBeforeS = Math.max(nowS, holder.endedBeforeS) + 1
    this.#bytes -= holder.calls?.bytes ?? 0
    holder.calls = null
  }

  /** Forgets what came in sessions that have expired since. */
  #age(nowS: number): void {
    const generation = Math.floor((nowS * generationsPerLifetime) / this.#limits.sessionLifetimeS)
    if (generation === this.#generation) return
    const passed = generation - this.#generation
    this.#generation = generation
    const stays = (mark: number) => {
      const age = (generation - mark + generations) % generations
      // After a very long silence the marks have gone round: nothing of then can still be of use.
      return passed < generations - generationsPerLifetime - 1 && age <= generationsPerLifetime
    }
    for (const [client, holder] of this.#holders) {
      if (holder.calls !== null) {
        this.#bytes -= holder.calls.bytes
        holder.calls.keep(stays)
        if (holder.calls.count === 0) holder.calls = null
        else this.#bytes += holder.calls.bytes
      }
      if (holder.calls === null && holder.endedBeforeS + this.#limits.sessionLifetimeS < nowS) {
        this.#holders.delete(client)
        this.#bytes -= holderBytes
      }
    }
  }

  /** Ends the sessions of those who hold most, until a tenth of the memory is free. */
  #makeRoom(more: number, nowS: number): void {
    const wanted = this.#limits.bytes * 0.9 - more
    const largestFirst = [...this.#holders.values()]
      .filter(({ calls }) => calls !== null)
      .sort((a, b) => (b.calls?.count ?? 0) - (a.calls?.count ?? 0))
    for (const holder of largestFirst) {
      if (this.#bytes <= wanted) return
      this.#end(holder, nowS)
    }
  }
}

/** Little-endian. */
function uint32At(binary: string, at: number): number {
  const code = (offset: number): number => binary.charCodeAt(at + offset)
  return (code(0) | (code(1) << 8) | (code(2) << 16) | (code(3) << 24)) >>> 0
}

function uint32s(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length)
  for (const [at, value] of values.entries()) bytes.writeUInt32BE(value, 4 * at)
  return bytes
}
