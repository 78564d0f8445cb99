import { fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { databaseName } from './database.ts'

export interface FloorSettings {
  /** `send`: keeps what it is sent. `origin`: passes it on to the `home` at `homeUrl`. */
  readonly role: 'send' | 'origin' | 'home'
  readonly dir: string
  readonly privateKeyHex: string
  readonly homeUrl: string
}

export interface FloorProcess extends AsyncDisposable {
  readonly url: string
  readonly pid: number
  readonly databaseFile: string
}

/** Starts one process of the floor with its database in `dir`, on a free loopback port. */
export async function startFloor(
  { role, dir, homeUrl = '' }: { role: FloorSettings['role']; dir: string; homeUrl?: string },
  env: Readonly<Record<string, string>>,
): Promise<FloorProcess> {
  await mkdir(dir, { recursive: true })
  const settings: FloorSettings = { role, dir, homeUrl, privateKeyHex: randomBytes(32).toString('hex') }
  const program = fileURLToPath(new URL('./server.js', import.meta.url))
  const child = fork(program, [JSON.stringify(settings)], { env: { ...process.env, ...env } })
  const exited = once(child, 'exit')
  const [ready] = (await Promise.race([
    once(child, 'message'),
    exited.then(() => Promise.reject(new Error(`The floor's ${role} process ended before it was ready`))),
  ])) as [{ url: string }]
  return {
    url: ready.url,
    pid: child.pid!,
    databaseFile: join(dir, databaseName),
    async [Symbol.asyncDispose]() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}
