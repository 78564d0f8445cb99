import { expect } from 'chai'
import { SimNetwork, simUser, type SimHost } from './sim-network.ts'

const seeds = Number(process.env['SEEDS'] ?? 25)
const messagesPerSeed = 40
const people = [simUser(71), simUser(72), simUser(73), simUser(74)]

/**
 * Random users, hosts, faults of the wire and of the directory, and moves; then everything heals. What was accepted must be
 * there: once on any host, and on exactly one host while nobody moved. A failing seed is named, and replays.
 */
describe('a federation under random faults', function () {
  this.timeout(1_800_000)

  for (const moves of [false, true]) {
    it(`loses nothing and doubles nothing in ${seeds} seeds ${moves ? 'with' : 'without'} users that move`, async () => {
      for (let seed = 1; seed <= seeds; seed += 1) await runSeed(seed, moves)
    })
  }
})

type Person = (typeof people)[number]

async function runSeed(seed: number, moves: boolean): Promise<void> {
  await using network = new SimNetwork(seed)
  const hosts = [await network.addHost('a', 1), await network.addHost('b', 2), await network.addHost('c', 3)]
  const draw = (most: number): number => Math.floor(network.random.fraction() * most)
  const pick = <T>(from: readonly T[]): T => from[draw(from.length)]!
  const homes = new Map(people.map((person) => [person, pick(hosts)]))
  const tokens = new Map<unknown, Awaited<ReturnType<SimNetwork['authorize']>>>()
  for (const [person, host] of homes) tokens.set(person, await network.authorize(person, host))

  network.wire = () => {
    const chance = network.random.fraction()
    return chance < 0.3 ? 'refused' : chance < 0.5 ? 'answer lost' : 'none'
  }
  const answers = network.find.bind(network)
  network.find = (user) =>
    network.random.fraction() < 0.3 ? Promise.resolve({ kind: 'failed', reason: 'drawn' }) : answers(user)

  const accepted: { text: string; to: Person; from: Person; at: SimHost; handle: string }[] = []
  for (let index = 0; index < messagesPerSeed; index += 1) {
    const to = pick(people)
    const text = `seed ${seed} message ${index}`
    const [from, at] = [pick(people), pick(hosts)]
    const { handle } = await at.send(from, to, text)
    accepted.push({ text, to, from, at, handle })
    if (moves && draw(10) === 0) {
      const mover = pick(people)
      const next = pick(hosts)
      const old = homes.get(mover)!
      if (next !== old) {
        await network.revoke(mover, old, tokens.get(mover)!)
        tokens.set(mover, await network.authorize(mover, next))
        homes.set(mover, next)
      }
    }
    await network.advance(draw(20_000), 1_000)
  }
  network.wire = () => 'none'
  network.find = answers
  await network.advance(2 * 3_600_000, 20_000)

  for (const person of people) {
    const expected = accepted.filter(({ to }) => to === person).map(({ text }) => text)
    const found = await Promise.all(hosts.map((host) => host.bodies(person)))
    for (const bodies of found)
      expect(new Set(bodies).size, `seed ${seed}: doubled on one host`).to.equal(bodies.length)
    const all = found.flat()
    if (moves) expect([...new Set(all)], `seed ${seed}`).to.have.members(expected)
    else expect(all, `seed ${seed}`).to.have.members(expected)
  }
  for (const { text, from, at, handle } of accepted) {
    expect(await at.states(from, [handle]), `${text}: its one end`).to.deep.equal(['delivered'])
  }
  for (const host of hosts) {
    for (const person of people) expect(await host.notices(person), `seed ${seed}: nothing came back`).to.deep.equal([])
    expect(await host.store.outbox.counts(), `seed ${seed}: ${host.name}`).to.include({
      parcels: 0,
      unrouted: 0,
      failed: 0,
    })
  }
}
