import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { cliMain } from './run-program.ts'

export interface HostProcess extends AsyncDisposable {
  readonly url: string
  readonly identityKey: string
}

/** `overpost host start`, ready, on a free loopback port, with these settings; its configuration file is put into `dir`. */
export async function startHost(dir: string, settings: object): Promise<HostProcess> {
  const file = join(dir, 'host.json')
  const base = { development: true, listen: { port: 0 }, store: { kind: 'memory' }, log: { level: 'silent' } }
  writeFileSync(file, JSON.stringify({ ...base, identityKey: '22'.repeat(32), ...settings }))
  const child = spawn(process.execPath, [cliMain, 'host', 'start', '--config', file], {
    env: {},
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const closed = once(child, 'close')
  const [line] = (await Promise.race([once(createInterface(child.stdout), 'line'), closed])) as [unknown]
  if (typeof line !== 'string') throw new Error('the host did not start')
  const { url, identityKey } = JSON.parse(line) as HostProcess
  return {
    ...{ url, identityKey },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await closed
    },
  }
}
