import { IdentityWallet } from '@overpost/auth'
import type { Handled } from '@overpost/core'
import { alice, bob } from '@overpost/core/testing'
import { expect } from 'chai'
import { SealedHandles } from './handle-seal.ts'

const wallet = new IdentityWallet('11'.repeat(32))
const seal = new SealedHandles(wallet, 'store 1')
const handled: Handled[] = [
  { kind: 'kept', id: (77n << 32n) | 4_000_000_000n, acceptedAtMs: 1_700_000_000_000 },
  { kind: 'outgoing', id: 1n, acceptedAtMs: 1_700_000_000_000 },
  { kind: 'gone', id: 0n, acceptedAtMs: 0 },
]

describe('SealedHandles', () => {
  it('opens what it sealed, for the same sender, in any order and after a restart', () => {
    const handles = handled.map((one) => seal.seal(one, alice))
    const restarted = new SealedHandles(new IdentityWallet('11'.repeat(32)), 'store 1')
    for (const by of [seal, restarted]) {
      expect(handles.toReversed().map((handle) => by.open(handle, alice))).to.deep.equal(handled.toReversed())
    }
  })

  it('gives the same message the same handle, and messages that differ in anything handles that differ everywhere', () => {
    const [one] = handled
    expect(seal.seal(one!, alice)).to.equal(seal.seal(one!, alice))
    const next = seal.seal({ ...one!, id: one!.id + 1n }, alice)
    expect(next.slice(0, 8)).not.to.equal(seal.seal(one!, alice).slice(0, 8))
    expect(seal.seal(one!, alice)).to.match(/^[\w-]{32}$/)
  })

  it('opens nothing for another sender, of another store or of another host', () => {
    const handle = seal.seal(handled[0]!, alice)
    expect(seal.open(handle, bob)).to.equal(null)
    expect(new SealedHandles(wallet, 'store 2').open(handle, alice)).to.equal(null)
    expect(new SealedHandles(new IdentityWallet('22'.repeat(32)), 'store 1').open(handle, alice)).to.equal(null)
  })

  it('opens nothing that was changed in any character, or is no handle', () => {
    const handle = seal.seal(handled[0]!, alice)
    for (let at = 0; at < handle.length; at += 1) {
      const other = handle[at] === 'A' ? 'B' : 'A'
      expect(seal.open(handle.slice(0, at) + other + handle.slice(at + 1), alice), String(at)).to.equal(null)
    }
    for (const text of ['', 'x', handle.slice(1), `${handle}A`, 'ü'.repeat(32), `${handle.slice(0, 31)}\n`]) {
      expect(seal.open(text, alice)).to.equal(null)
    }
  })
})
