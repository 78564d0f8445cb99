import { expect } from 'chai'
import { nodeClock } from './node-clock.ts'

describe('nodeClock', () => {
  const now = Date.now
  afterEach(() => {
    Date.now = now
  })

  it('makes nobody wait longer when the machine’s clock is set back', async () => {
    const startedAt = performance.now()
    const waits = nodeClock.until(nodeClock.nowMs() + 20, new AbortController().signal)
    Date.now = () => now() - 7_200_000
    await waits
    expect(performance.now() - startedAt).to.be.within(19, 5_000)
  })

  it('waits for nothing that is past, and for nobody who went away', async () => {
    const leaving = new AbortController()
    await nodeClock.until(nodeClock.nowMs() - 1, leaving.signal)
    const never = nodeClock.until(null, leaving.signal)
    leaving.abort()
    await never
  })
})
