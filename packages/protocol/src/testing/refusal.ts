import { RelayError, type ErrorCode } from '../errors.ts'

/** The code with which `attempt` is refused; null when it is not. */
export function refusal(attempt: () => unknown): ErrorCode | null {
  try {
    attempt()
    return null
  } catch (error) {
    if (error instanceof RelayError) return error.code
    throw error
  }
}
