import { randomBytes } from 'node:crypto'
import { IdentityWallet } from '@overpost/auth'
import { defineCommand, UsageError } from '../command.ts'
import { exitCodes } from '../io.ts'
import { writeKeyFile } from '../key-file.ts'
import { shared } from '../options.ts'

export const keygen = defineCommand({
  name: 'keygen',
  summary: 'make an identity: a private key in a file that only you can read',
  positionals: [],
  options: {
    out: { kind: 'text', value: 'FILE', description: 'where to write the private key; must not be there yet' },
    print: { kind: 'switch', description: 'print the private key too; without --out, instead of writing it' },
    json: shared.json,
  },
  run({ options }, io) {
    const path = options.out
    if (path === undefined && !options.print) throw new UsageError('keygen: --out or --print is wanted')
    const { privateKey, wallet } = makeKey()
    if (path !== undefined) writeKeyFile(path, privateKey)

    const { identityKey } = wallet
    const printed = options.print ? { privateKey } : {}
    if (options.json)
      io.out(JSON.stringify({ identityKey, ...(path === undefined ? {} : { keyFile: path }), ...printed }))
    else {
      io.out(`identity key  ${identityKey}`)
      if (options.print) io.out(`private key   ${privateKey}`)
      if (path !== undefined) io.out(`key file      ${path}`)
    }
    return Promise.resolve(exitCodes.done)
  },
})

/** Of all 32-byte numbers a handful are no private keys: then again. */
function makeKey(): { privateKey: string; wallet: IdentityWallet } {
  for (;;) {
    const privateKey = randomBytes(32).toString('hex')
    try {
      return { privateKey, wallet: new IdentityWallet(privateKey) }
    } catch {
      continue
    }
  }
}
