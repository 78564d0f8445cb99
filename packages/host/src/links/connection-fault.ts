/** Node's names for connections that were not made, or broke. */
const connectionCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EAI_AGAIN',
])

/** Whether a connection, and nothing else, failed: trying again at once may help. */
export function isConnectionFault(error: unknown): boolean {
  return connectionCodes.has(codeOf(error) ?? '')
}

/** The innermost cause, in few words for an operator. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  if (code !== null) return code
  let at = error
  for (let depth = 0; at instanceof Error && at.cause instanceof Error && depth < 5; depth += 1) at = at.cause
  return at instanceof Error ? at.message : String(at)
}

/** The system's code for an error, or for what caused it. */
function codeOf(error: unknown): string | null {
  for (let at = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth += 1) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'string') return code
  }
  return null
}
