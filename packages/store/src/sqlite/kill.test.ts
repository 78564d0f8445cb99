import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Store } from '@overpost/core'
import {
  bob,
  claimAll,
  claimLimits,
  envelopeFixture,
  idFixture,
  inbox,
  keyFixture,
  placementFixture,
  seededRandom,
} from '@overpost/core/testing'
import { expect } from 'chai'
import { openSqliteStore } from './open-sqlite-store.ts'

const kills = 20
const page = { limit: 1_000, maxBytes: 100_000_000, withProofs: true }

describe('a store whose process is killed', () => {
  it(`has all that it answered for, exactly once, after each of ${kills} kills`, async () => {
    const dir = await mkdtemp(join(tmpdir(), 'overpost-kill-'))
    const file = join(dir, 'store.sqlite')
    const random = seededRandom(3)
    const said = new Map<string, Set<string>>()
    for (let round = 0; round < kills; round++) {
      await writeUntilKilled(file, round, 1 + Math.floor(random.fraction() * 400), said)
      const store = openSqliteStore({ file })
      await check(store, said)
      await store[Symbol.asyncDispose]()
    }
    expect(said.get('home')?.size).to.be.greaterThan(kills)
    expect(said.get('delivered')?.size).to.be.greaterThan(kills)
    await rm(dir, { recursive: true })
  }).timeout(120_000)
})

/** Lets a child write, and kills it when it has said so many lines. */
async function writeUntilKilled(
  file: string,
  round: number,
  lines: number,
  said: Map<string, Set<string>>,
): Promise<void> {
  const program = new URL('./kill.test.child.js', import.meta.url).pathname
  const child = spawn(process.execPath, [program, file, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const exit = once(child, 'exit') as Promise<[number | null, string | null]>
  let left = lines
  for await (const line of createInterface({ input: child.stdout })) {
    const [word = '', name = ''] = line.split(' ')
    said.set(word, (said.get(word) ?? new Set()).add(name))
    if (--left === 0) child.kill('SIGKILL')
  }
  const [, signal] = await exit
  expect(signal).to.equal('SIGKILL')
}

async function check(store: Store, said: ReadonlyMap<string, ReadonlySet<string>>): Promise<void> {
  const have = (word: string): string[] => [...(said.get(word) ?? [])]
  const tried = (word: string, name: string): boolean => said.get(word)?.has(name) ?? false

  const listed = await ids(store, bob)
  expect(new Set(listed).size, 'nothing is listed twice').to.equal(listed.length)
  const isListed = new Set(listed)
  for (const id of [...have('home'), ...have('arrival')]) {
    if (!tried('acknowledging', id)) expect(isListed.has(id), `${id} is listed`).to.equal(true)
    if (tried('acknowledged', id)) expect(isListed.has(id), `${id} is gone`).to.equal(false)
  }

  const claims = await claimAll(store, { ...claimLimits, maxMessages: 1_000_000, maxBytes: 1e12 })
  const parcels = claims.flatMap((claim) =>
    claim.kind === 'parcels'
      ? claim.batch.parcels.map(({ message }) => `${message.messageId}@${claim.batch.destination.origin}`)
      : [],
  )
  expect(new Set(parcels).size, 'nothing waits twice').to.equal(parcels.length)
  const waits = new Set(parcels)
  for (const id of have('forward')) {
    const name = `${id}@https://hostb.example`
    if (!tried('delivering', name)) expect(waits.has(name), `${name} waits`).to.equal(true)
    if (tried('delivered', name)) expect(waits.has(name), `${name} is done`).to.equal(false)
  }

  const unrouted = new Set(
    claims
      .flatMap((claim) => (claim.kind === 'unrouted' ? claim.group.messages : []))
      .map(({ message }) => message.messageId),
  )
  const isSeeker = new Set(await ids(store, keyFixture('seeker')))
  for (const id of have('seeker')) expect(isSeeker.has(id), `${id} is listed`).to.equal(true)
  for (const id of [...have('guest'), ...isSeeker]) {
    expect(unrouted.has(idFixture(id)), `${id} looks for a home`).to.equal(true)
  }

  // What was kept here is remembered: the same envelopes once more add nothing, acknowledged or not.
  const again = have('home').slice(-200)
  const outcomes = await Promise.all(
    again.map((id) =>
      store.mailboxes.accept([
        placementFixture({ messageId: idFixture(id), envelope: envelopeFixture(id), recipient: keyFixture('other') }),
      ]),
    ),
  )
  expect(outcomes.flat().filter(({ outcome }) => outcome !== 'duplicate')).to.deep.equal([])
}

async function ids(store: Store, owner: typeof bob): Promise<string[]> {
  const all: string[] = []
  for (let after = 0; ;) {
    const { messages, more } = await store.mailboxes.list({ owner, box: inbox }, { after, ...page })
    all.push(...messages.map(({ messageId }) => messageId))
    after = messages.at(-1)?.sequence ?? after
    if (!more) return all
  }
}
