import Database from 'better-sqlite3'
import { expect } from 'chai'
import { join } from 'node:path'
import { spend, TestChain } from '../testing/test-chain.ts'
import { startTestNode } from '../testing/test-node.ts'
import { phipScript, spendToken, user, withdrawalScript } from '../testing/test-tokens.ts'

/** Takes a database back to what the first version of this program wrote. */
const back = `
DROP TABLE peer_cursors; DROP INDEX spends_by_spent;
DROP TABLE proofs; DROP TABLE unplaced; DROP INDEX unproven_transactions;
ALTER TABLE transactions DROP COLUMN replaced; ALTER TABLE outputs DROP COLUMN gone;
DROP INDEX claims_withdrawn; DROP INDEX claims_live_by_user; DROP INDEX claims_live_by_host; DROP INDEX claims_live_by_origin;
DROP INDEX claims_live_by_name; DROP INDEX claims_spent_by_user; DROP INDEX claims_spent_by_host; DROP INDEX claims_by_spent_output;
ALTER TABLE claims DROP COLUMN issued_at; ALTER TABLE claims DROP COLUMN withdrawn_at;
CREATE INDEX claims_by_user ON claims (topic, user_key); CREATE INDEX claims_by_host ON claims (topic, host_key);
CREATE INDEX claims_by_origin ON claims (topic, origin); CREATE INDEX claims_by_name ON claims (topic, name);
PRAGMA user_version = 1;
`

describe('the database of an earlier version', () => {
  it('is brought up to date with what it holds: dates and proofs are read from the stored tokens', async () => {
    await using chain = await TestChain.start()
    const first = await startTestNode(chain)
    const issuedAtMs = Date.now() - 86_400_000
    const dated = await phipScript({ dates: { issuedAtMs, expiresAtMs: issuedAtMs + 90 * 86_400_000 } })
    const transaction = await spend([chain.fund()], [dated, await phipScript({ origin: 'https://b.example' })])
    chain.mine(transaction)
    await first.submit(transaction)
    const spender = await spendToken({ transaction, outputIndex: 1 })
    await first.submit(spender)
    const before = first.node.store.proofs.blocks()
    await first.node[Symbol.asyncDispose]()
    const db = new Database(join(first.dataDir, 'overlay.sqlite'))
    db.exec(back)
    db.close()

    await using node = await startTestNode(chain, {}, first.dataDir)
    expect(node.node.store.proofs.blocks()).to.deep.equal(before)
    const live = { outpoint: `${transaction.id('hex')}.0`, spentBy: null }
    expect(await node.lookup('ls_phip', { user: user.identityKey })).to.deep.equal([live])
    await node.submit(await spend([chain.fund()], [await withdrawalScript({ atMs: issuedAtMs })]))
    expect(await node.lookup('ls_phip', { user: user.identityKey })).to.have.length(2)
    await node.submit(await spend([chain.fund()], [await withdrawalScript({ atMs: issuedAtMs + 1 })]))
    expect(await node.lookup('ls_phip', { user: user.identityKey })).to.have.length(1)
  })
})
