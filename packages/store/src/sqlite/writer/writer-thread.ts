import { parentPort, workerData } from 'node:worker_threads'
import { openDatabase, type Db } from '../database.ts'
import { WriterContext } from '../writer-context.ts'
import { runBatch, type Job } from './run-batch.ts'
import { DiskGuard } from './space-guard.ts'
import type { WriterThreadData } from './thread-runner.ts'

// The writer's thread: an array of jobs is run and answered, null ends it.
const { file, maxFileBytes, quotas, reserveBytes } = workerData as WriterThreadData
const context = new WriterContext(limited(openDatabase(file), maxFileBytes), quotas)
const space = new DiskGuard(context, reserveBytes, maxFileBytes)

parentPort?.on('message', (jobs: readonly Job[] | null) => {
  if (jobs === null) {
    context.db.close()
    parentPort?.close()
  } else {
    parentPort?.postMessage(runBatch(context, jobs, space))
  }
})

function limited(db: Db, maxBytes: number | null): Db {
  if (maxBytes === null) return db
  const pageBytes = db.pragma('page_size', { simple: true }) as number
  db.pragma(`max_page_count = ${Math.max(1, Math.floor(maxBytes / pageBytes))}`)
  return db
}
