import { diskFaultOf, type Connection } from '../database.ts'
import { freeBytesBeside } from '../free-bytes.ts'
import { Ballast } from './ballast.ts'

/** Whether there is room for more. */
export interface SpaceGuard {
  hasRoom(): boolean
  /** Brings the log into the file, so that it is written from its beginning again, in the room that it has. */
  startLogAgain(): void
  /** Lets a part of the ballast go, where it is the disk that has no room. Returns whether there is more room now. */
  letBallastGo(): boolean
}

const slackBytes = 256 * 1024

/**
 * Keeps `reserveBytes` back, so that a disk that fills up still has room for the log of what empties it: settling,
 * acknowledging. The log is kept below half of that, so that all of it fits into the file even then. As much is kept as
 * ballast, which other programs cannot take. Room is what is free on the disk, together with the ballast, so that it makes no
 * difference whether that was let go; or what is free below the file's limit; and what is free inside the file. Asked for each
 * batch: that costs 3 us while there is room.
 */
export class DiskGuard implements SpaceGuard {
  readonly #connection: Connection
  readonly #reserveBytes: number
  readonly #maxFileBytes: number | null
  readonly #pageBytes: number
  readonly #ballast: Ballast
  #hadRoom = true

  constructor(connection: Connection, reserveBytes: number, maxFileBytes: number | null) {
    this.#connection = connection
    this.#reserveBytes = reserveBytes
    this.#maxFileBytes = maxFileBytes
    this.#ballast = new Ballast(connection.db.name, reserveBytes)
    this.#pageBytes = connection.db.pragma('page_size', { simple: true }) as number
    const usualPages = connection.db.pragma('wal_autocheckpoint', { simple: true }) as number
    const mostPages = Math.floor(reserveBytes / 2 / this.#pageBytes)
    if (mostPages > 0 && mostPages < usualPages) connection.db.pragma(`wal_autocheckpoint = ${mostPages}`)
  }

  hasRoom(): boolean {
    if (this.#reserveBytes === 0) return true
    const hasRoom = this.#isRoomLeft()
    if (this.#hadRoom && !hasRoom) this.#prepare()
    this.#hadRoom = hasRoom
    return hasRoom
  }

  startLogAgain(): void {
    this.#try(() => this.#connection.db.pragma('wal_checkpoint(RESTART)'))
  }

  letBallastGo(): boolean {
    return this.#bytesOnDisk() < this.#reserveBytes && this.#ballast.letGo()
  }

  /** Makes the ballast whole, while it `isWanted` and the disk has room for the reserve. */
  makeBallast(isWanted: () => boolean): Promise<void> {
    const hasRoom = (): boolean => this.#bytesOnDisk() + this.#ballast.bytes() >= this.#reserveBytes
    return this.#ballast.make(() => isWanted() && hasRoom())
  }

  /** While there is some room: free pages inside the file for what settling writes, should others take the rest of the disk. */
  #prepare(): void {
    if (this.#bytesOf('freelist_count') < slackBytes) {
      const taken = 'CREATE TABLE slack (bytes BLOB); INSERT INTO slack VALUES (zeroblob'
      this.#try(() => this.#connection.db.exec(`BEGIN; ${taken}(${slackBytes})); DROP TABLE slack; COMMIT`))
      if (this.#connection.db.inTransaction) this.#connection.db.exec('ROLLBACK')
    }
    this.startLogAgain()
  }

  /** A disk that fails here shows it again where it matters. */
  #try(work: () => unknown): void {
    try {
      work()
    } catch (error) {
      if (diskFaultOf(error) === null) throw error
    }
  }

  #isRoomLeft(): boolean {
    const belowLimit = this.#maxFileBytes === null ? Infinity : this.#maxFileBytes - this.#bytesOf('page_count')
    const onDisk = this.#bytesOnDisk()
    if (Math.min(onDisk, belowLimit) >= this.#reserveBytes) return true
    const free = Math.min(onDisk + this.#ballast.bytes(), belowLimit)
    return free >= this.#reserveBytes || free + this.#bytesOf('freelist_count') >= this.#reserveBytes
  }

  #bytesOnDisk(): number {
    return freeBytesBeside(this.#connection.db.name)
  }

  #bytesOf(pragma: 'page_count' | 'freelist_count'): number {
    return (this.#connection.sql<[number]>(`PRAGMA ${pragma}`).get()?.[0] ?? 0) * this.#pageBytes
  }
}
