import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { freshDestination, type Placement, type Store } from '@overpost/core'
import {
  arrivalFixture,
  envelopeFixture,
  forwardedFixture,
  idFixture,
  keyFixture,
  placementFixture,
} from '@overpost/core/testing'
import { openStore } from '@overpost/store'
import Database from 'better-sqlite3'

// What the store costs: durable messages per second, CPU per 1,000, and how long the main thread stands still.
//   node test/dist/load/store.js
// With a slow disk (10 ms more for each sync):
//   strace -f -qq --seccomp-bpf -o /dev/null -e trace=fdatasync,fsync -e inject=fdatasync,fsync:delay_exit=10000 node test/dist/load/store.js

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '20000' },
    senders: { type: 'string', default: '100' },
    recipients: { type: 'string', default: '200' },
    only: { type: 'string', default: '' },
  },
})
const messages = Number(values.messages)
const senders = Number(values.senders)
const body = 'x'.repeat(400)
const recipients = Array.from({ length: Number(values.recipients) }, (_, index) => keyFixture(`recipient ${index}`))

interface Measured {
  perSecond: number
  cpuMsPer1000: number
  p50Ms: number
  delayP99Ms: number
  delayMaxMs: number
}

/** Runs `one` for each message, `senders` at a time. */
async function measure(one: (index: number) => unknown): Promise<Measured> {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  const cpu = process.cpuUsage()
  const startedMs = performance.now()
  const latencies: number[] = []
  let next = 0
  const sender = async (): Promise<void> => {
    while (next < messages) {
      const sentMs = performance.now()
      await one(next++)
      latencies.push(performance.now() - sentMs)
    }
  }
  await Promise.all(Array.from({ length: senders }, sender))
  const seconds = (performance.now() - startedMs) / 1000
  const { user, system } = process.cpuUsage(cpu)
  delay.disable()
  return {
    perSecond: Math.round(messages / seconds),
    cpuMsPer1000: round((user + system) / messages),
    p50Ms: round(latencies.toSorted((a, b) => a - b)[latencies.length >> 1] ?? 0),
    delayP99Ms: round(delay.percentile(99) / 1e6),
    delayMaxMs: round(delay.max / 1e6),
  }
}

const round = (value: number): number => Math.round(value * 100) / 100

function message(index: number): Partial<Placement['message']> {
  return {
    recipient: recipients[index % recipients.length]!,
    messageId: idFixture(index.toString(16).padStart(64, '0')),
    envelope: envelopeFixture(`${index}`),
    body,
  }
}

/** The floor: one insert per message, all of a turn in one transaction, in this thread. */
function floor(file: string): (index: number) => Promise<void> {
  const db = new Database(file)
  db.pragma('journal_mode = WAL')
  db.pragma('synchronous = FULL')
  db.exec('CREATE TABLE messages (id INTEGER PRIMARY KEY, recipient TEXT, body TEXT)')
  const insert = db.prepare('INSERT INTO messages (recipient, body) VALUES (?, ?)')
  let waiting: (() => void)[] = []
  const commit = db.transaction((batch: (() => void)[]) => {
    batch.forEach(() => insert.run(recipients[0], body))
  })
  return () =>
    new Promise((resolve) => {
      if (waiting.push(resolve) > 1) return
      setImmediate(() => {
        const batch = waiting
        waiting = []
        commit(batch)
        for (const done of batch) done()
      })
    })
}

/** Takes what is due, all delivered, until nothing is. */
async function deliverAll(store: Store): Promise<void> {
  for (;;) {
    const claim = await store.outbox.claim({
      ...{ nowMs: Date.now(), longestWaitMs: Infinity, maxMessages: 100, maxBytes: 1_048_576 },
    })
    if (claim?.kind !== 'parcels') return
    await store.outbox.finishParcels(
      claim.batch,
      claim.batch.parcels.map(() => ({ kind: 'delivered', receipt: null })),
      freshDestination,
    )
  }
}

/** What a scenario does with each message; its inputs are made before the clock runs. */
const scenarios: Record<string, (store: Store) => (index: number) => unknown> = {
  'accept at home': (store) => {
    const placements = each((index) => placementFixture(message(index)))
    return (index) => store.mailboxes.accept([placements[index]!])
  },
  'accept a guest': (store) => {
    const placements = each((index) => placementFixture(message(index), { here: 'guest' }))
    return (index) => store.mailboxes.accept([placements[index]!])
  },
  'receive 100 a call': (store) => {
    const arrivals = each((index) => arrivalFixture(message(index)))
    return (index) => (index % 100 === 0 ? store.mailboxes.receive(arrivals.slice(index, index + 100)) : undefined)
  },
  'forward and deliver': (store) => {
    const placements = each((index) => forwardedFixture([`host${index % 10}`], message(index)))
    return async (index) => {
      await store.mailboxes.accept([placements[index]!])
      if (index % 100 === 0) await deliverAll(store)
    }
  },
}

function each<T>(make: (index: number) => T): T[] {
  return Array.from({ length: messages }, (_, index) => make(index))
}

const dir = mkdtempSync(join(tmpdir(), 'overpost-load-'))
const report: Record<string, Measured> = {}
if (values.only === '') report.floor = await measure(floor(join(dir, 'floor.sqlite')))
for (const [name, scenario] of Object.entries(scenarios)) {
  if (!name.startsWith(values.only)) continue
  const file = join(dir, `${name}.sqlite`)
  const store = await openStore({ kind: 'sqlite', file })
  await store.sessionState.take()
  const one = scenario(store)
  report[name] = await measure(one)
  await store[Symbol.asyncDispose]()
}
rmSync(dir, { recursive: true })

for (const [name, figures] of Object.entries(report))
  process.stdout.write(`${name.padEnd(20)} ${JSON.stringify(figures)}\n`)
