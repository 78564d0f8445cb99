import { parentPort, workerData } from 'node:worker_threads'
import { diskFaultOf } from '../database.ts'
import { BatchWriter, type WriterData } from './batch-writer.ts'
import type { AskedOfThread } from './thread-runner.ts'

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

/** A disk that fails here shows it again where it matters. */
function emptyLog(): void {
  try {
    writer.emptyLog()
  } catch (error) {
    if (diskFaultOf(error) === null) throw error
  }
}
