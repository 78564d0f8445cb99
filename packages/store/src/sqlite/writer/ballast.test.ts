import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { expect } from 'chai'
import { Connection } from '../database.ts'
import { Ballast } from './ballast.ts'
import { DiskGuard } from './space-guard.ts'

const mebibyte = 1024 * 1024
const reserveBytes = 8 * mebibyte
const always = (): boolean => true

describe('the ballast of a store', () => {
  let dir: string
  let file: string
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), 'overpost-ballast-'))
    file = join(dir, 'store.sqlite')
  })
  afterEach(() => rmSync(dir, { recursive: true }))

  /** In MiB. A hole would hold less than it is long. */
  const bytes = (): { long: number; held: number } => {
    const { size, blocks } = statSync(`${file}-ballast`)
    return { long: size / mebibyte, held: Math.floor((blocks * 512) / mebibyte) }
  }

  it('holds half of the reserve, and lets it go in four parts', async () => {
    const ballast = new Ballast(file, reserveBytes)
    await ballast.make(always)
    expect(bytes()).to.deep.equal({ long: 4, held: 4 })
    const left: number[] = []
    while (ballast.letGo()) left.push(bytes().held)
    expect(left).to.deep.equal([3, 2, 1, 0])
  })

  it('goes on where it stopped for want of room, or with its process', async () => {
    let room = 3
    await new Ballast(file, reserveBytes).make(() => room-- > 0)
    expect(bytes().held).to.be.within(1, 3)
    await new Ballast(file, reserveBytes).make(always)
    expect(bytes()).to.deep.equal({ long: 4, held: 4 })
  })

  it('has no hole where some was let go while it was made', async () => {
    const other = new Ballast(file, reserveBytes)
    let left = 2
    await new Ballast(file, reserveBytes).make(() => {
      if (other.bytes() === 2 * mebibyte && left-- > 0) other.letGo()
      return true
    })
    expect(left).to.be.below(1)
    expect(bytes()).to.deep.equal({ long: 4, held: 4 })
  })

  it('is as long as the reserve asks for now: none without one', async () => {
    await new Ballast(file, 0).make(always)
    expect(statSync(`${file}-ballast`, { throwIfNoEntry: false })).to.equal(undefined)
    await new Ballast(file, reserveBytes).make(always)
    await new Ballast(file, 0).make(always)
    expect(bytes()).to.deep.equal({ long: 0, held: 0 })
  })

  it('is made where the disk has room for the reserve, and kept while it has, whatever the file may grow to', async () => {
    const connection = new Connection(new Database(file))
    await new DiskGuard(connection, 1e15, null).makeBallast(always)
    expect(new Ballast(file, 1e15).bytes()).to.equal(0)
    const guard = new DiskGuard(connection, reserveBytes, 4096)
    await guard.makeBallast(always)
    expect(guard.hasRoom()).to.equal(false)
    expect(guard.letBallastGo()).to.equal(false)
    expect(bytes()).to.deep.equal({ long: 4, held: 4 })
    connection.db.close()
  })
})
