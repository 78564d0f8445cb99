import type { Readable } from 'node:stream'

/** A child that finds this variable set to `stdin` ends when its standard input closes: when whoever started it is gone. */
export const lifelineVariable = 'OVERPOST_LIFELINE'

const graceMs = 5000

/**
 * Ends this process when its starter is gone, killed with -9 included: the kernel then closes the pipe. First as SIGTERM
 * would, and after 5 s the hard way. Does nothing unless {@link lifelineVariable} asks for it.
 */
export function watchLifeline(
  env: Readonly<Record<string, string | undefined>>,
  stdin: Readable & { unref?(): unknown },
): void {
  if (env[lifelineVariable] !== 'stdin') return
  const end = () => {
    setTimeout(() => process.exit(1), graceMs).unref()
    process.kill(process.pid, 'SIGTERM')
  }
  stdin.once('close', end)
  stdin.on('error', () => undefined)
  stdin.resume()
  stdin.unref?.() // a process that is done ends, whether or not its starter lives
}
