/** An answer of a BRC-100 wallet over HTTP, as the SDK's `HTTPWalletJSON` reads it. */
export interface WalletAnswer {
  readonly status: number
  readonly body: string
}

/** Results are plain JSON; byte strings are arrays of numbers, whatever kind of array the wallet used. */
export function walletResult(result: unknown): WalletAnswer {
  return { status: 200, body: toJson(result) }
}

/**
 * Errors that the client rebuilds get the numbers that it knows (5, 6, 7); all others a 400 with name and message, as
 * wallets do.
 */
export function walletError(error: unknown): WalletAnswer {
  const fields = typeof error === 'object' && error !== null ? (error as Record<string, unknown>) : {}
  const name = typeof fields.name === 'string' ? fields.name : 'Error'
  const message = error instanceof Error ? error.message : String(error)
  const shown = (detailNames[name] ?? []).map((key) => [key, fields[key]] as const)
  const body = { isError: true, name, code: codes[name] ?? name, message, ...Object.fromEntries(shown) }
  return { status: 400, body: toJson(body) }
}

const codes: Readonly<Record<string, number>> = {
  WERR_REVIEW_ACTIONS: 5,
  WERR_INVALID_PARAMETER: 6,
  WERR_INSUFFICIENT_FUNDS: 7,
}

const detailNames: Readonly<Record<string, readonly string[]>> = {
  WERR_REVIEW_ACTIONS: ['reviewActionResults', 'sendWithResults', 'txid', 'tx', 'noSendChange'],
  WERR_INVALID_PARAMETER: ['parameter'],
  WERR_INSUFFICIENT_FUNDS: ['totalSatoshisNeeded', 'moreSatoshisNeeded'],
}

function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner: unknown) => {
    if (inner instanceof Uint8Array) return Array.from(inner)
    if (isSerializedBuffer(inner)) return inner.data // JSON.stringify asks a Buffer for its own form first
    return inner
  })
}

function isSerializedBuffer(value: unknown): value is { data: number[] } {
  return (
    typeof value === 'object' &&
    value !== null &&
    'type' in value &&
    value.type === 'Buffer' &&
    'data' in value &&
    Array.isArray(value.data)
  )
}
