import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** How a client program of another SDK is started; or why it cannot be. */
export type SdkProgram = { readonly command: readonly string[] } | { readonly missing: string }

const sources = fileURLToPath(new URL('../../interop/', import.meta.url))
/** What is built or installed once, and kept beside what the set-up installs. */
const cache = fileURLToPath(new URL('../../../node_modules/.overpost-interop/', import.meta.url))
const buildWithinMs = 300_000

/** The Go program, built once for its sources. @throws {Error} when Go is here and the build fails */
export function goProgram(): SdkProgram {
  if (!isThere('go', ['version'])) return { missing: 'go is not here' }
  const dir = join(sources, 'go')
  const program = join(cache, `go-${digest(dir, ['main.go', 'go.mod', 'go.sum'])}`)
  if (!existsSync(program)) {
    must('go', ['build', '-o', `${program}.new`, '.'], dir)
    renameSync(`${program}.new`, program)
  }
  return { command: [program] }
}

/** The Python program, with its SDK in an environment of its own. @throws {Error} when Python is here and the install fails */
export function pythonProgram(): SdkProgram {
  if (!isThere('python3', ['-c', 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 9))'])) {
    return { missing: 'python3 (3.9 or newer, with venv and pip) is not here' }
  }
  const dir = join(sources, 'python')
  const environment = join(cache, `python-${digest(dir, ['requirements.txt'])}`)
  const done = join(environment, 'installed')
  const python = join(environment, 'bin', 'python')
  if (!existsSync(done)) {
    rmSync(environment, { recursive: true, force: true })
    must('python3', ['-m', 'venv', environment], dir)
    must(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '-r', 'requirements.txt'], dir)
    writeFileSync(done, '')
  }
  return { command: [python, join(dir, 'interop.py')] }
}

function isThere(program: string, args: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0
}

function must(program: string, args: readonly string[], cwd: string): void {
  const { status, stderr, error } = spawnSync(program, args, { cwd, encoding: 'utf8', timeout: buildWithinMs })
  if (status !== 0) throw new Error(`${program} ${args.join(' ')} failed: ${error?.message ?? stderr.slice(-2_000)}`)
}

function digest(dir: string, names: readonly string[]): string {
  const hash = createHash('sha256')
  for (const name of names) hash.update(readFileSync(join(dir, name)))
  return hash.digest('hex').slice(0, 16)
}
