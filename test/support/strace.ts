import { spawnSync } from 'node:child_process'
import type { HostState } from '@overpost/devnet/network'
import { overpost, ReadyProcess } from './child-process.ts'
import type { TestNetwork } from './test-network.ts'

/** Whether strace is here and may trace. */
export function canTrace(): boolean {
  const tried = spawnSync('strace', ['-qq', '-o', '/dev/null', '-e', 'trace=fsync', process.execPath, '--version'])
  return tried.status === 0
}

/**
 * Stops a host of the network, and starts it again under strace, where it was. Only the system calls that `args` name are
 * stopped at (seccomp), so all others cost what they always do.
 */
export async function startUnderStrace(
  network: TestNetwork,
  name: string,
  args: readonly string[],
): Promise<ReadyProcess<HostState>> {
  const config = network.configFile(name)
  await network.stop(name)
  const command = ['strace', '--seccomp-bpf', '-f', '-qq', ...args, ...overpost, 'host', 'start', '--config', config]
  return ReadyProcess.start(command, `${network.host(name).dir}/log`)
}
