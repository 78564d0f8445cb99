import { statfsSync } from 'node:fs'
import { dirname } from 'node:path'
import { diskFaultOf, type Connection } from '../database.ts'

/** Whether there is room for more. */
export interface SpaceGuard {
  hasRoom(): boolean
  /** Brings the log into the file, so that it is written from its beginning again, in the room that it has. */
  startLogAgain(): void
}

const slackBytes = 256 * 1024

/**
 * Keeps `reserveBytes` back, so that a disk that fills up still has room for the log of what empties it: settling,
 * acknowledging. The log is kept below half of that, so that all of it fits into the file even then. Room is what is free on the disk, or below the file's limit, and what is free inside the file. Asked for each
 * batch: that costs 3 us while there is room.
 */
export class DiskGuard implements SpaceGuard {
  readonly #connection: Connection
  readonly #reserveBytes: number
  readonly #maxFileBytes: number | null
  readonly #pageBytes: number
  #hadRoom = true

  constructor(connection: Connection, reserveBytes: number, maxFileBytes: number | null) {
    this.#connection = connection
    this.#reserveBytes = reserveBytes
    this.#maxFileBytes = maxFileBytes
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
    const { bavail, bsize } = statfsSync(dirname(this.#connection.db.name))
    const belowLimit = this.#maxFileBytes === null ? Infinity : this.#maxFileBytes - this.#bytesOf('page_count')
    const free = Math.min(bavail * bsize, belowLimit)
    return free >= this.#reserveBytes || free + this.#bytesOf('freelist_count') >= this.#reserveBytes
  }

  #bytesOf(pragma: 'page_count' | 'freelist_count'): number {
    return (this.#connection.sql<[number]>(`PRAGMA ${pragma}`).get()?.[0] ?? 0) * this.#pageBytes
  }
}
