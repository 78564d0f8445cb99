import { randomBytes } from 'node:crypto'
import { closeSync, fsyncSync, ftruncateSync, openSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { bytesOf } from '../check-file.ts'

/** As long as the log usually gets: so much the file may have to grow when the log is brought into it. */
const mostBytes = 32 * 1024 * 1024
/** It is let go in so many parts: a program that goes on filling the disk takes what is left of one, not of all. */
const parts = 4
const pieceBytes = 1024 * 1024

/**
 * Half of what a store keeps back, as a file of real bytes beside it: it is let go when another program fills the disk to the
 * last byte (docs/decisions/0028-full-and-broken-disks.md). It has no state but the file, so each writer may have one.
 */
export class Ballast {
  readonly #file: string
  readonly #wholeBytes: number

  constructor(storeFile: string, reserveBytes: number) {
    this.#file = `${storeFile}-ballast`
    this.#wholeBytes = Math.min(Math.floor(reserveBytes / 2), mostBytes)
  }

  /** What it holds now, in bytes. */
  bytes(): number {
    return bytesOf(this.#file) ?? 0
  }

  /** Gives a part of it back to the disk. Returns whether there was any. */
  letGo(): boolean {
    const bytes = this.bytes()
    if (bytes === 0) return false
    return this.#shorten(Math.max(0, bytes - Math.ceil(Math.max(bytes, this.#wholeBytes) / parts)))
  }

  /**
   * Makes it as long as it is to be, while it `mayGrow`. Each piece is on disk before the next, so that no other sync waits for
   * more than one. What the disk does not take is left out.
   */
  async make(mayGrow: () => boolean): Promise<void> {
    try {
      if (this.#left() < 0) this.#shorten(this.#wholeBytes)
      if (this.#left() <= 0 || !mayGrow()) return
      // Nothing that a file system could make smaller.
      const piece = randomBytes(Math.min(pieceBytes, this.#wholeBytes))
      // What is let go meanwhile leaves no hole: what is written comes at the end.
      await using file = await open(this.#file, 'a', 0o600)
      for (let left = this.#left(); left > 0 && mayGrow(); left = this.#left()) {
        await file.write(piece, 0, Math.min(left, piece.length))
        await file.sync()
      }
    } catch (error) {
      if (!isOfDisk(error)) throw error
    }
  }

  #left(): number {
    return this.#wholeBytes - this.bytes()
  }

  #shorten(bytes: number): boolean {
    try {
      const handle = openSync(this.#file, 'r+')
      try {
        ftruncateSync(handle, bytes)
        // Some file systems give the room to others only then.
        fsyncSync(handle)
      } finally {
        closeSync(handle)
      }
      return true
    } catch (error) {
      if (!isOfDisk(error)) throw error
      return false
    }
  }
}

function isOfDisk(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}
