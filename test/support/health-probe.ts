import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

/** How long `/health/live` took to answer, in milliseconds, in order. */
export interface HealthProbe {
  stop(): Promise<number[]>
}

/** Asks a host every 20 ms, from a thread of its own, so that it is the host that is measured and not the test. */
export async function probeHealth(hostUrl: string): Promise<HealthProbe> {
  const worker = new Worker(new URL('./health-probe-worker.js', import.meta.url), { workerData: hostUrl })
  await once(worker, 'message')
  return {
    async stop() {
      // The last message may come in the same breath as the end of the thread.
      const exited = once(worker, 'exit')
      worker.postMessage('stop')
      const [times] = (await once(worker, 'message')) as [number[]]
      await exited
      return times
    },
  }
}
