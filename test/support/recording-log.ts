import type { HostOptions } from '@overpost/host'

export interface LogLine {
  readonly message: string
  readonly fields: Readonly<Record<string, unknown>>
}

/** A log that keeps what a host or an overlay node in this process says. */
export function recordingLog(): { readonly log: HostOptions['logger']; readonly lines: readonly LogLine[] } {
  const lines: LogLine[] = []
  const record = (fields: object, message = '') => void lines.push({ message, fields: { ...fields } })
  const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace'].map((level) => [level, record] as const)
  const log = { level: 'info', isLevelEnabled: () => false, child: () => log, ...Object.fromEntries(levels) }
  return { log: log as unknown as HostOptions['logger'], lines }
}
