import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Contender } from '../contender.ts'
import { startFloor, type FloorProcess } from './floor-process.ts'
import { floorRequests } from './floor-requests.ts'

export interface FloorContender extends Contender, AsyncDisposable {
  /** The process that keeps what arrives. */
  readonly home: FloorProcess
}

/** One process that keeps what it is sent. */
export async function startFloorSend(dir: string, senders: number): Promise<FloorContender> {
  const home = await startFloor('send', join(dir, 'floor-send'))
  return contender(home, [home], senders)
}

/** Two processes, the first of which passes on what it is sent. */
export async function startFloorCrossHost(dir: string, senders: number): Promise<FloorContender> {
  const home = await startFloor('home', join(dir, 'floor-home'))
  const origin = await startFloor('origin', join(dir, 'floor-origin'), home.url)
  return contender(home, [origin, home], senders)
}

function contender(
  home: FloorProcess,
  processes: readonly [FloorProcess, ...FloorProcess[]],
  senders: number,
): FloorContender {
  const origin = processes[0].url
  return {
    name: 'floor',
    origin,
    pids: processes.map(({ pid }) => pid),
    home,
    prepare: (count) => Promise.resolve(floorRequests(origin, count, senders)),
    arrived: () => Promise.resolve(countMessages(home.databaseFile)),
    async [Symbol.asyncDispose]() {
      for (const each of processes) await each[Symbol.asyncDispose]()
    },
  }
}

function countMessages(file: string): number {
  const database = new Database(file, { readonly: true })
  try {
    return database.prepare<[], number>('SELECT count(*) FROM messages').pluck().get() ?? 0
  } finally {
    database.close()
  }
}
