import { Session } from 'node:inspector'
import { renameSync, writeFileSync } from 'node:fs'
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads'

/**
 * Loaded into a process by `--import`: SIGUSR2 starts its CPU profiler, and the next one stops it and writes
 * `<pid>-<thread>.cpuprofile` to the folder of BENCH_PROFILE_DIR. So a profile holds the timed part and nothing of the start.
 * Signals come to the main thread only, which tells the others.
 */
const channel = new BroadcastChannel('overpost-profile')
const session = new Session()
let profiling = false

function toggle(): void {
  if (!profiling) {
    session.connect()
    session.post('Profiler.enable')
    session.post('Profiler.setSamplingInterval', { interval: 1000 })
    session.post('Profiler.start')
  } else {
    session.post('Profiler.stop', (error, result) => {
      if (error !== null) throw error
      const dir = process.env['BENCH_PROFILE_DIR'] ?? '.'
      const file = `${dir}/${process.pid}-${threadId}.cpuprofile`
      writeFileSync(`${file}.new`, JSON.stringify(result.profile))
      renameSync(`${file}.new`, file)
      session.disconnect()
    })
  }
  profiling = !profiling
}

if (isMainThread) {
  process.on('SIGUSR2', () => {
    channel.postMessage('toggle')
    toggle()
  })
} else {
  channel.onmessage = toggle
}
channel.unref()
