import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { IdentityWallet } from '@overpost/auth'
import { UsageError } from './command.ts'
import type { Io } from './io.ts'

/**
 * The wallet of a file that holds 64 hexadecimal digits. Warns when others can read the file.
 * @throws {UsageError} no such file, or it holds no private key.
 */
export function readWallet(path: string, io: Pick<Io, 'err'>): IdentityWallet {
  let text: string
  try {
    text = readFileSync(path, 'utf8').trim()
  } catch (error) {
    throw new UsageError(`the key file ${path} cannot be read: ${reason(error)}`)
  }
  if (process.platform !== 'win32' && (statSync(path).mode & 0o077) !== 0) {
    io.err(`overpost: others can read ${path}: chmod 600 ${path}`)
  }
  try {
    return new IdentityWallet(text)
  } catch {
    throw new UsageError(`${path} holds no private key: 64 hexadecimal digits are wanted`)
  }
}

/** Writes a private key where no file is yet, readable by its owner only. @throws {UsageError} when there is one. */
export function writeKeyFile(path: string, privateKeyHex: string): void {
  try {
    writeFileSync(path, `${privateKeyHex}\n`, { mode: 0o600, flag: 'wx' })
    chmodSync(path, 0o600)
  } catch (error) {
    throw new UsageError(`the key file ${path} cannot be written: ${reason(error)}`)
  }
}

function reason(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : null
  if (code === 'ENOENT') return 'there is no such file or folder'
  if (code === 'EEXIST') return 'it is there already'
  return typeof code === 'string' ? code : 'it failed'
}
