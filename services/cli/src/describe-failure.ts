import { RelayClientError } from '@overpost/client'
import { UsageError } from './command.ts'
import { exitCodes } from './io.ts'

/** What to tell of a failure, in one line, and the exit code that it gives. */
export function describeFailure(error: unknown): { line: string; exitCode: number } {
  if (error instanceof UsageError) return { line: error.message, exitCode: exitCodes.usage }
  if (error instanceof RelayClientError) {
    const exitCode = error.isTemporary ? exitCodes.unreachable : exitCodes.refused
    return { line: `${error.message} (${error.code})`, exitCode }
  }
  if (isSchemaError(error)) {
    const [issue] = error.issues
    return { line: issue?.message ?? 'an argument is not of the right form', exitCode: exitCodes.usage }
  }
  return { line: error instanceof Error ? error.message : String(error), exitCode: exitCodes.refused }
}

/** A zod error: the client refuses arguments with them. */
function isSchemaError(error: unknown): error is Error & { issues: readonly { message: string }[] } {
  return error instanceof Error && 'issues' in error && Array.isArray(error.issues)
}
