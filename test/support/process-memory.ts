import { readFileSync, writeFileSync } from 'node:fs'

/** Resident memory of a process (Linux): now, and the most since {@link forgetPeak}; in bytes. */
export function residentBytes(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const bytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1] ?? NaN) * 1024
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') }
}

/** From now on the peak is counted anew. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}
