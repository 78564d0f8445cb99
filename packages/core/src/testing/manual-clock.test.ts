import { expect } from 'chai'
import { ManualClock } from './manual-clock.ts'

describe('ManualClock', () => {
  it('wakes those whose time has come, the earliest first, and nobody else', async () => {
    const clock = new ManualClock(1_000)
    const { signal } = new AbortController()
    const woken: number[] = []
    const waits = [1_030, 1_010, 1_020].map((atMs) => clock.until(atMs, signal).then(() => woken.push(atMs)))
    expect(clock.nextWakeAtMs).to.equal(1_010)
    clock.advance(20)
    await Promise.all(waits.slice(1))
    expect(woken).to.deep.equal([1_010, 1_020])
    expect(clock.waiting).to.equal(1)
    clock.advanceTo(1_030)
    await waits[0]
    expect(clock.nextWakeAtMs).to.equal(null)
  })

  it('makes nobody wait longer when it is set back', async () => {
    const clock = new ManualClock(1_000)
    const waits = clock.until(1_010, new AbortController().signal)
    clock.advanceTo(500)
    expect(clock.nextWakeAtMs).to.equal(510)
    clock.advance(10)
    await waits
  })

  it('does not wait for what is past, and ends every wait when its signal aborts', async () => {
    const clock = new ManualClock(1_000)
    const aborting = new AbortController()
    await clock.until(1_000, aborting.signal)
    const never = clock.until(null, aborting.signal)
    aborting.abort()
    await never
    await clock.until(null, aborting.signal)
    expect(clock.waiting).to.equal(0)
  })
})
