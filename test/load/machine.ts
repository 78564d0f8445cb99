import { cpus, release, totalmem } from 'node:os'

/** What the figures were taken on. */
export function machine(): { cpu: string; cores: number; memoryGiB: number; kernel: string; node: string } {
  const processors = cpus()
  return {
    cpu: processors[0]?.model ?? 'unknown',
    cores: processors.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
  }
}
