import { readFileSync } from 'node:fs'

const headerBytes = 32
const frameHeaderBytes = 24
const magicOfLog = 0x377f0682

/** What the log of a file (WAL) holds beyond where it can be read. */
export interface LogDamage {
  /** The first frame whose checksum is wrong, counted from 1. */
  readonly frame: number
  /** Transactions after it that were committed, and cannot be read. */
  readonly lostCommits: number
}

/**
 * Looks for a damaged place in the middle of a log. SQLite reads a log up to the first frame whose checksum is wrong, since
 * that is how the log of a crash ends; when whole transactions come after it, they were answered for, and are lost in silence.
 * One alone may be what the crash cut off before its sync. Null: no such place, or no log.
 */
export function findLogDamage(file: string): LogDamage | null {
  const log = readLog(`${file}-wal`)
  if (log === null || log.length < headerBytes) return null
  const magic = log.readUInt32BE(0)
  if ((magic & ~1) !== magicOfLog) return null
  const isBigEndian = (magic & 1) === 1
  const frameBytes = frameHeaderBytes + log.readUInt32BE(8)
  const salt = log.subarray(16, 24)
  let sum = checksum(log, 0, 24, isBigEndian, [0, 0])
  if (!isSum(log, 24, sum)) return null
  let badFrame = 0
  let lostCommits = 0
  for (let at = headerBytes, frame = 1; at + frameBytes <= log.length; at += frameBytes, frame++) {
    // Frames of an earlier round of the log have another salt.
    if (!log.subarray(at + 8, at + 16).equals(salt)) {
      if (badFrame === 0) break
      continue
    }
    if (badFrame === 0) {
      sum = checksum(log, at, 8, isBigEndian, sum)
      sum = checksum(log, at + frameHeaderBytes, frameBytes - frameHeaderBytes, isBigEndian, sum)
      if (isSum(log, at + 16, sum)) continue
      badFrame = frame
    }
    const isCommit = log.readUInt32BE(at + 4) !== 0
    if (isCommit) lostCommits++
  }
  return lostCommits > 1 ? { frame: badFrame, lostCommits } : null
}

export function describeLogDamage({ frame, lostCommits }: LogDamage): string {
  return `its log is wrong at frame ${frame}, and ${lostCommits} transactions after that cannot be read`
}

function readLog(path: string): Buffer | null {
  try {
    return readFileSync(path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null
    throw error
  }
}

/** SQLite's checksum of the log, over 8 bytes at a time (sqlite.org/fileformat2.html, section 4.2). */
function checksum(
  bytes: Buffer,
  start: number,
  length: number,
  isBigEndian: boolean,
  [first, second]: readonly [number, number],
): [number, number] {
  let s0 = first
  let s1 = second
  for (let at = start; at < start + length; at += 8) {
    const x0 = isBigEndian ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at)
    const x1 = isBigEndian ? bytes.readUInt32BE(at + 4) : bytes.readUInt32LE(at + 4)
    s0 = (s0 + x0 + s1) >>> 0
    s1 = (s1 + x1 + s0) >>> 0
  }
  return [s0, s1]
}

function isSum(bytes: Buffer, at: number, [s0, s1]: readonly [number, number]): boolean {
  return bytes.readUInt32BE(at) === s0 && bytes.readUInt32BE(at + 4) === s1
}
