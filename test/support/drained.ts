import { expect } from 'chai'
import { outboxOf } from './host-metrics.ts'
import type { TestNetwork } from './test-network.ts'
import { until } from './until.ts'

/**
 * Kills and restarts a host, so that it counts its outbox anew, and waits until nothing is left in it to deliver. No message
 * has failed for good by then, unless `failed` says so. After that, copies that only waited for their delivery are gone.
 */
export async function expectDrained(network: TestNetwork, name: string, failed = 0): Promise<void> {
  const counts = await untilDrained(network, name)
  expect(counts.failed, `messages that ${name} has given up`).to.equal(failed)
}

/** The same, whatever has failed for good. */
export async function untilDrained(network: TestNetwork, name: string): Promise<{ readonly failed: number }> {
  await network.kill(name)
  await network.restart(name)
  const { url } = network.host(name)
  return until(
    `an empty outbox at ${name}`,
    async () => {
      const found = await outboxOf(url)
      return found !== null && found.parcels + found.unrouted === 0 && found
    },
    60_000,
  )
}
