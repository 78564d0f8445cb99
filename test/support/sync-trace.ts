/** The path of an answered POST, and whether a sync lay between the request and its 200. */
export interface TracedAnswer {
  readonly path: string
  readonly synced: boolean
}

/** What strace must be told, for {@link answersAndSyncs}. */
export const tracedCalls = ['-s', '32', '-e', 'trace=read,write,writev,fdatasync,fsync']

/**
 * The POSTs in a trace, in order, one at a time, and whether a sync began after the request was read and ended well before
 * its answer was written.
 */
export function answersAndSyncs(trace: string): TracedAnswer[] {
  const answers: TracedAnswer[] = []
  let path: string | null = null
  const syncing = new Set<string>()
  let synced = false
  for (const line of trace.split('\n')) {
    const [, thread = '', call = ''] = /^(\d+)\s+(.*)$/.exec(line) ?? []
    const request = /^(?:read\(|<\.\.\. read resumed>).*"POST (\/\w+) /.exec(call)?.[1]
    if (request !== undefined) {
      path = request
      synced = false
      syncing.clear()
    } else if (/^(?:fdatasync|fsync)\(/.test(call)) {
      if (call.endsWith('<unfinished ...>')) syncing.add(thread)
      else synced ||= / = 0$/.test(call)
    } else if (/^<\.\.\. (?:fdatasync|fsync) resumed>/.test(call)) {
      synced ||= syncing.delete(thread) && / = 0$/.test(call)
    } else if (path !== null && /^writev?\(\d+, .*"HTTP\/1\.1 200/.test(call)) {
      answers.push({ path, synced })
      path = null
    }
  }
  return answers
}
