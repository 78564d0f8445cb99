import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface NetworkHost {
  readonly name: string
  readonly url: string
  readonly identityKey: string
  readonly pid: number
  readonly dir: string
}

export interface NetworkProcess extends AsyncDisposable {
  readonly overlays: readonly { readonly url: string }[]
  readonly hosts: readonly NetworkHost[]
}

/** Starts `overpost network` with two hosts, no limits, everything in `dir`, and waits until it is ready. */
export async function startNetwork(dir: string, env: Readonly<Record<string, string>>): Promise<NetworkProcess> {
  const program = fileURLToPath(new URL('../../../services/cli/dist/main.js', import.meta.url))
  const args = ['network', '--json', '--hosts', '2', '--overlays', '1', '--no-limits', '--dir', dir]
  const child = spawn(process.execPath, [program, ...args], {
    // Its input closes when this process is gone, however it went, and the network ends with it.
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env, OVERPOST_LIFELINE: 'stdin' },
  })
  const exited = once(child, 'exit')
  const [line] = (await Promise.race([
    once(createInterface({ input: child.stdout }), 'line'),
    exited.then(() => Promise.reject(new Error('The network ended before it was ready'))),
  ])) as [string]
  const { overlays, hosts } = JSON.parse(line) as Pick<NetworkProcess, 'overlays' | 'hosts'>
  return {
    overlays,
    hosts,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await exited
    },
  }
}
