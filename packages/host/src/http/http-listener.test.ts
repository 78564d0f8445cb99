import { Worker } from 'node:worker_threads'
import { once } from 'node:events'
import { expect } from 'chai'
import { listen } from './http-listener.ts'

/** Asks on a connection that it has asked on before, and says so at once: `state[0]` is 1 then. */
const caller = `
  const { connect } = require('node:net')
  const { parentPort, workerData: { port, state } } = require('node:worker_threads')
  const socket = connect(port, '127.0.0.1')
  const ask = (path) => socket.write('GET ' + path + ' HTTP/1.1\\r\\nHost: x\\r\\n\\r\\n')
  let seen = ''
  socket.on('data', (chunk) => {
    seen += chunk
    if (seen.endsWith('first')) parentPort.postMessage('asked')
    if (seen.endsWith('second')) socket.end()
  })
  socket.on('error', () => undefined)
  socket.on('close', () => parentPort.postMessage(seen))
  parentPort.once('message', () => {
    ask('/second')
    setTimeout(() => { Atomics.store(state, 0, 1); Atomics.notify(state, 0) }, 20)
  })
  ask('/first')
`

describe('a listener that drains', () => {
  it('answers what came while its process got no time, however late its timers are', async () => {
    const listener = await listen({ host: '127.0.0.1', port: 0, requestTimeoutMs: 5_000, tls: null })
    listener.serve((request, response) => response.end(request.url?.slice(1)))
    const state = new Int32Array(new SharedArrayBuffer(4))
    const worker = new Worker(caller, { eval: true, workerData: { port: Number(new URL(listener.url).port), state } })
    await once(worker, 'message')
    const closed = listener.close(5_000)
    worker.postMessage('ask again')
    // This thread gets no time from before the request comes until after all grace is over.
    Atomics.wait(state, 0, 0, 5_000)
    Atomics.wait(state, 0, 1, 150)
    const [seen] = (await once(worker, 'message')) as [string]
    expect(seen).to.match(/second$/)
    await closed
    await worker.terminate()
  })
})
