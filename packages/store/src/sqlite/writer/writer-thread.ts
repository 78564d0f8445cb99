import { setTimeout as sleep } from 'node:timers/promises'
import { parentPort, workerData } from 'node:worker_threads'
import { diskFaultOf } from '../database.ts'
import { BatchWriter, type WriterData } from './batch-writer.ts'
import type { AskedOfThread } from './thread-runner.ts'

/** Not at the start already: that has other work for the disk. */
const ballastEveryMs = 5_000

// The writer's thread: does what it is asked, one after the other, and answers each; null ends it.
const writer = new BatchWriter(workerData as WriterData)

parentPort?.on('message', (asked: AskedOfThread | null) => {
  if (asked === null) {
    writer.close()
    parentPort?.close()
  } else if (asked.kind === 'run') {
    parentPort?.postMessage(writer.run(asked.jobs, asked.isAnew))
  } else {
    emptyLog()
    parentPort?.postMessage(null)
  }
})

void keepBallast()

/** A disk that fails here shows it again where it matters. */
function emptyLog(): void {
  try {
    writer.emptyLog()
  } catch (error) {
    if (diskFaultOf(error) === null) throw error
  }
}

async function keepBallast(): Promise<never> {
  for (;;) {
    await sleep(ballastEveryMs, undefined, { ref: false })
    await writer.makeBallast()
  }
}
