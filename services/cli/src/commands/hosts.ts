import { nativeSignatureVerifier } from '@overpost/auth'
import { MessageBoxClient, RelayClientError } from '@overpost/client'
import { defineCommand } from '../command.ts'
import { columns } from '../help-text.ts'
import { exitCodes } from '../io.ts'
import { readWallet } from '../key-file.ts'
import { shared } from '../options.ts'
import { findVerified, lookupOptions } from './lookup.ts'

export const hosts = defineCommand({
  name: 'hosts',
  summary: 'show the hosts that you authorised, as senders find them: until when, and whether they answer',
  positionals: [],
  options: { 'key-file': shared['key-file'], ...lookupOptions },
  notes: ['Exit code 1 when there is none, or one does not answer under its own key.'],
  async run({ options }, io) {
    const wallet = readWallet(options['key-file'], io)
    const found = await findVerified(wallet.identityKey, options, io)
    const shown = await Promise.all(
      found.hosts.map(async ({ origin, hostKey, pattern, dates }) => {
        const client = new MessageBoxClient({
          ...{ wallet, host: origin, expectedHostKey: hostKey, timeoutMs: options['timeout-ms'] },
          verifier: nativeSignatureVerifier(),
        })
        const answer = await client.capability({ signal: io.signal }).then(() => 'yes', codeOf)
        return { origin, hostKey, pattern, expiresAtMs: dates?.expiresAtMs ?? null, answer }
      }),
    )
    if (options.json) io.out(JSON.stringify(shown))
    else if (shown.length === 0) io.out('no host is authorised')
    else {
      const rows = shown.map(({ origin, hostKey, pattern, expiresAtMs, answer }) => {
        const until = expiresAtMs === null ? 'no dates' : new Date(expiresAtMs).toISOString()
        return [origin, hostKey, pattern ?? '(all boxes)', until, answer]
      })
      for (const line of columns([['ORIGIN', 'HOST KEY', 'BOXES', 'UNTIL', 'ANSWERS'], ...rows])) io.out(line)
    }
    const isWell = shown.length > 0 && shown.every(({ answer }) => answer === 'yes')
    return isWell ? exitCodes.done : exitCodes.refused
  },
})

function codeOf(error: unknown): string {
  if (error instanceof RelayClientError && error.code !== 'ERR_ABORTED') return error.code
  throw error
}
