import { once } from 'node:events'
import { Agent, get, type IncomingMessage } from 'node:http'
import { parentPort, workerData } from 'node:worker_threads'
import { setTimeout as sleep } from 'node:timers/promises'

const everyMs = 20
const url = `${workerData as string}/health/live`
const agent = new Agent({ keepAlive: true })
const times: number[] = []
const stopping = new AbortController()
parentPort!.once('message', () => stopping.abort())

await ask()
parentPort!.postMessage('begun')
times.length = 0
while (!stopping.signal.aborted) {
  const startedAt = performance.now()
  await ask()
  times.push(performance.now() - startedAt)
  await sleep(Math.max(0, everyMs - (performance.now() - startedAt)))
}
agent.destroy()
parentPort!.postMessage(times)

async function ask(): Promise<void> {
  const request = get(url, { agent })
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  if (response.statusCode !== 200) throw new Error(`${url} answers ${response.statusCode ?? 0}`)
  response.resume()
  await once(response, 'end')
}
