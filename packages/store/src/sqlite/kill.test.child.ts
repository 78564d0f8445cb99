import { writeSync } from 'node:fs'
import { freshDestination, type Placement } from '@overpost/core'
import {
  arrivalFixture,
  bob,
  claimLimits,
  envelopeFixture,
  forwardedFixture,
  forwardIdFixture,
  guestFixture,
  idFixture,
  keyFixture,
  placementFixture,
  seekingFixture,
} from '@overpost/core/testing'
import { openSqliteStore } from './open-sqlite-store.ts'

// Writes to a store until it is killed, and says before and after each call what it asked for and that it was answered.
const [file = '', round = ''] = process.argv.slice(2)
const store = openSqliteStore({ file })
const say = (text: string): void => void writeSync(1, `${text}\n`)
const { mailboxes, outbox } = store

async function append(kind: 'home' | 'forward' | 'guest' | 'seeker' | 'arrival', id: string): Promise<void> {
  const message = { messageId: idFixture(id), envelope: envelopeFixture(id), body: 'x'.repeat(700) }
  const placements: Record<'home' | 'forward' | 'guest' | 'seeker', Placement> = {
    home: placementFixture(message),
    forward: forwardedFixture(['hosta', 'hostb'].slice(id.length % 2), message),
    guest: guestFixture({ ...message, recipient: keyFixture('guest') }),
    seeker: seekingFixture({ ...message, recipient: keyFixture('seeker') }),
  }
  if (kind === 'arrival') await mailboxes.receive([arrivalFixture(message, { forwardId: forwardIdFixture(id) })])
  else await mailboxes.accept([placements[kind]])
  say(`${kind} ${id}`)
}

async function acknowledge(id: string): Promise<void> {
  say(`acknowledging ${id}`)
  await mailboxes.acknowledge(bob, [id])
  say(`acknowledged ${id}`)
}

async function deliver(): Promise<void> {
  const claim = await outbox.claim({ ...claimLimits, maxMessages: 7 })
  if (claim?.kind !== 'parcels') {
    if (claim !== null) outbox.release(claim)
    return
  }
  const names = claim.batch.parcels.map(({ message }) => `${message.messageId}@${claim.batch.destination.origin}`)
  for (const name of names) say(`delivering ${name}`)
  await outbox.finishParcels(
    claim.batch,
    names.map(() => ({ kind: 'delivered', receipt: null })),
    freshDestination,
  )
  for (const name of names) say(`delivered ${name}`)
}

async function lane(name: string): Promise<void> {
  for (let n = 0; ; n++) {
    const id = `${round}-${name}-${n}`
    await append('home', `h${id}`)
    await append('arrival', `a${id}`)
    await append('forward', `f${id}`)
    await append('guest', `g${id}`)
    await append('seeker', `s${id}`)
    if (n % 3 === 0) await acknowledge(`h${id}`)
    if (n % 2 === 0) await deliver()
  }
}

await Promise.all(['one', 'two', 'three', 'four', 'five', 'six'].map(lane))
