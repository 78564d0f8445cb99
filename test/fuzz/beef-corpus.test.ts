import { expect } from 'chai'
import { beefCorpus } from './beef-corpus.ts'
import { check, cpuLimitMs } from './beef-targets.ts'
import { createBeefWorld, type BeefWorld } from './beef-world.ts'

/** Must hold 7 of issue 4. `npm run fuzz` looks for more. */
describe('BEEFs of strangers', function () {
  this.timeout(120_000)

  let world: BeefWorld
  before(async () => {
    world = await createBeefWorld()
  })

  it('are believed when they are valid', async () => {
    const { targets } = await import('./beef-targets.ts')
    for (const [name, bytes] of world.seeds) {
      for (const target of ['host: prove', 'client: prove']) {
        if (name === 'a name only, V2') continue
        expect(await targets[target]?.(bytes, world.headers), `${target} of ${name}`).to.have.length(1)
      }
    }
  })

  it('never crash a parser, prove nothing false, and take at most 50 ms of CPU, or 33 signature checks on a slow machine', async () => {
    const corpus = await beefCorpus(world)
    const limitMs = cpuLimitMs()
    const wrong: string[] = []
    for (const { name, bytes } of corpus) {
      const { findings } = await check(bytes, world, limitMs)
      wrong.push(...findings.map(({ target, fault }) => `${name}: ${target}: ${fault}`))
    }
    expect(wrong).to.deep.equal([])
    expect(corpus.length).to.be.greaterThan(80)
  })
})
