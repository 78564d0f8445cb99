import { readFileSync } from 'node:fs'
import { IdentityWallet } from '@overpost/auth'
import type { HostConfig } from './config.ts'

/** The wallet of the host's identity. @throws {Error} in one line for the operator, when there is no such key */
export function openIdentityWallet({
  identityKey,
  identityKeyFile,
}: Pick<HostConfig, 'identityKey' | 'identityKeyFile'>): IdentityWallet {
  if (identityKey !== undefined) return new IdentityWallet(identityKey)
  if (identityKeyFile === undefined) throw new Error('identityKeyFile: is required, or identityKey')
  let text: string
  try {
    text = readFileSync(identityKeyFile, 'utf8').trim()
  } catch (cause) {
    throw new Error(`identityKeyFile: ${identityKeyFile} cannot be read`, { cause })
  }
  try {
    return new IdentityWallet(text)
  } catch {
    throw new Error(`identityKeyFile: ${identityKeyFile} does not hold a private key of 64 hexadecimal digits`)
  }
}
