import { alice, bob, carol, envelopeFixture, fixtureNowMs, keyFixture, requestFixture } from '@overpost/core/testing'
import { openDatabase, type Db } from '../database.ts'
import { createInitialTables } from '../migrations/0001-initial.ts'
import { addSenderProofs } from '../migrations/0002-sender-proofs.ts'
import { encodeEnvelope, encodeRequest } from '../row-codes.ts'

const key = (hex: string): Buffer => Buffer.from(hex, 'hex')
const ids = { alice: 1, bob: 2, carol: 3, hosta: 4 }

/**
 * A file as the first release made it (schema version 2), written row by row as that release did, with something in every
 * table: `count` messages in Bob's inbox, as many on their way to a host, and one of everything else.
 */
export function makeFirstRelease(file: string, count: number): void {
  const db = openDatabase(file)
  db.transaction(() => {
    createInitialTables(db)
    addSenderProofs(db)
    db.pragma('user_version = 2')
    fill(db, count)
  })()
  db.close()
}

function fill(db: Db, count: number): void {
  const run = (sql: string, ...values: unknown[]): void => void db.prepare(sql).run(...values)
  for (const [name, id] of Object.entries(ids)) {
    const hex = { alice, bob, carol, hosta: keyFixture('hosta') }[name as keyof typeof ids]
    run('INSERT INTO identities (id, key) VALUES (?, ?)', id, key(hex))
  }
  run("INSERT INTO mailboxes (id, owner_id, name, last_sequence) VALUES (1, ?, 'inbox', ?)", ids.bob, count)
  run("INSERT INTO mailboxes (id, owner_id, name, last_sequence) VALUES (2, ?, 'inbox', 1)", ids.carol)
  const message = db.prepare(
    `INSERT INTO messages (id, owner_id, mailbox_id, sender_id, message_id, content_type, body, received_at_ms, origin_id,
       envelope_at_ms, envelope, request, outgoing_id, stays) VALUES (? << 32 | ?, ?, ?, ?, ?, 0, ?, ?, ?, ?, ?, ?, ?, ?)`,
  )
  const outgoing = db.prepare(
    `INSERT INTO outgoing (id, recipient_id, sender_id, box, message_id, content_type, body, body_bytes, accepted_at_ms,
       guest_message, waiting, places, lookup_at_ms, lookups, failed)
     VALUES (?, ?, ?, 'inbox', ?, 0, ?, ?, ?, ? << 32 | ?, 1, ?, ?, 0, 0)`,
  )
  const parcel = db.prepare(
    'INSERT INTO parcels (id, destination_id, state, due_at_ms, attempts, forward_id) VALUES (? << 6, 1, 0, ?, 0, ?)',
  )
  const envelope = envelopeFixture('old')
  for (let n = 1; n <= count; n++) {
    const [envelopeAtMs, bytes] = n === 1 ? [envelope.timestampMs, encodeEnvelope(envelope)] : [null, null]
    const request = n === 2 ? encodeRequest(requestFixture('old')) : null
    message.run(
      1,
      n,
      ids.bob,
      1,
      ids.alice,
      `m${n}`,
      `body ${n}`,
      fixtureNowMs,
      ids.hosta,
      envelopeAtMs,
      bytes,
      request,
      null,
      0,
    )
    outgoing.run(n, ids.carol, ids.alice, `o${n}`, `body ${n}`, 9, fixtureNowMs, null, null, 1, null)
    parcel.run(n, fixtureNowMs, Buffer.from(String(n).padStart(64, '0'), 'hex'))
  }
  // Carol's guest copy, which looks for a home.
  message.run(2, 1, ids.carol, 2, ids.alice, 'guest', 'a guest', fixtureNowMs, null, null, null, null, count + 1, 0)
  outgoing.run(count + 1, ids.carol, ids.alice, 'guest', null, 9, fixtureNowMs, 2, 1, 0, fixtureNowMs)
  run(
    'INSERT INTO destinations (id, host_key, origin, failures, next_attempt_at_ms, reason) VALUES (1, ?, ?, 3, ?, ?)',
    ...[key(keyFixture('hosta')), 'https://hosta.example', fixtureNowMs, 'down'],
  )
  const envelopeHash = Buffer.from(envelope.hash, 'hex')
  run('INSERT INTO remembered (made_at_ms, source_id, key) VALUES (?, 0, ?)', fixtureNowMs, envelopeHash)
  run(
    'INSERT INTO remembered (made_at_ms, source_id, key) VALUES (?, ?, ?)',
    fixtureNowMs,
    ids.hosta,
    Buffer.alloc(24, 7),
  )
  run(
    'INSERT INTO remembered_requests (hash, received_at_ms) VALUES (?, ?)',
    ...[Buffer.from(requestFixture('old').hash, 'hex'), fixtureNowMs],
  )
  run(
    `INSERT INTO authorizations (user_key, host_key, origin, issued_at_ms, expires_at_ms, signature, stored_at_ms)
     VALUES (?, ?, 'https://this-host.example', ?, ?, ?, ?)`,
    ...[key(bob), key(keyFixture('this host')), fixtureNowMs, fixtureNowMs + 1_000, Buffer.of(48), fixtureNowMs],
  )
  run("INSERT INTO proof_policies (owner_id, box, minimum, plaintext_only) VALUES (?, 'inbox', 'envelope', 1)", ids.bob)
  run('INSERT INTO session_state (id, state) VALUES (1, ?)', Buffer.of(7))
}
