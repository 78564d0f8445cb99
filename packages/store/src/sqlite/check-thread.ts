import { parentPort, workerData } from 'node:worker_threads'
import { findDamage, openToCheck } from './check-file.ts'

// Checks a large file while it is in use, and tells what is wrong with it; null when nothing is.
const db = openToCheck(workerData as string)
const damage = findDamage(db)
db.close()
parentPort?.postMessage(damage)
