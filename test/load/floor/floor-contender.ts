import { join } from 'node:path'
import Database from 'better-sqlite3'
import type { Contender } from '../contender.ts'
import { startFloor, type FloorProcess } from './floor-process.ts'
import type { SignedSend } from '../signed-send.ts'
import { floorRequests } from './floor-requests.ts'

export interface FloorContender extends Contender, AsyncDisposable {
  /** The process that keeps what arrives. */
  readonly home: FloorProcess
  requests(count: number): Promise<SignedSend[]>
}

export interface FloorOptions {
  /** Each process has a folder of its own in it. */
  readonly dir: string
  readonly senders: number
  readonly env: Readonly<Record<string, string>>
}

/** One process that keeps what it is sent. */
export async function startFloorSend({ dir, senders, env }: FloorOptions): Promise<FloorContender> {
  const home = await startFloor({ role: 'send', dir: join(dir, 'floor-send') }, env)
  return contender(home, [home], senders)
}

/** Two processes, the first of which passes on what it is sent. */
export async function startFloorCrossHost({ dir, senders, env }: FloorOptions): Promise<FloorContender> {
  const home = await startFloor({ role: 'home', dir: join(dir, 'floor-home') }, env)
  const origin = await startFloor({ role: 'origin', dir: join(dir, 'floor-origin'), homeUrl: home.url }, env)
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
    prepare: (count) => Promise.resolve(floorRequests(origin, count, senders).map(({ bytes }) => bytes)),
    requests: (count) => Promise.resolve(floorRequests(origin, count, senders)),
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
